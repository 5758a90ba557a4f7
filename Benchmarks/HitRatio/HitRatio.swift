// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Plays traces of requests against what decides which stored answer goes, and prints how many of the requests each
/// would have answered. Ends with 1 if Windbreak's does not keep what `Benchmarks/README.md` promises of it.
///
///     swift run -c release hit-ratio [KEYS [REQUESTS]]
@main
enum HitRatio {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let keys = max(100, numbers.first ?? 20_000)
        let requests = max(keys, numbers.dropFirst().first ?? 1_000_000)
        print("\(keys) keys, room for a tenth of them, \(requests) requests; hits in percent\n")
        print("| trace | LRU | Windbreak | against LRU | S3-FIFO | Belady |")
        print("|---|--:|--:|--:|--:|--:|")
        let broken = Trace.all(keys: keys, requests: requests).filter { !self.isKept(by: $0, capacity: keys / 10) }
        for trace in broken { print("\nbroken: \(trace.name) is to be \(trace.bound) points or more above LRU") }
        if !broken.isEmpty { exit(1) }
    }

    private static func isKept(by trace: Trace, capacity: Int) -> Bool {
        let capacity = capacity * trace.meanWeight
        let lru = trace.hits(of: LeastRecentlyUsed(capacity: capacity))
        let windbreak = trace.hits(of: Windbreak(capacity: capacity))
        let fifo = trace.hits(of: S3FIFO(capacity: capacity))
        let best = trace.meanWeight == 1 ? self.text(trace.hitsOfBelady(capacity: capacity)) : ""
        let gain = windbreak - lru
        print(
            "| \(trace.name) | \(self.text(lru)) | \(self.text(windbreak)) | \(gain < 0 ? "" : "+")\(self.text(gain)) "
                + "| \(self.text(fifo)) | \(best) |"
        )
        return gain >= trace.bound
    }

    /// Two digits behind the point.
    private static func text(_ percent: Double) -> String {
        let hundredths = Int((abs(percent) * 100).rounded())
        let rest = hundredths % 100
        return (percent < 0 && hundredths > 0 ? "-" : "") + "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}
