// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Resilience

/// What is written about one exchange.
struct AccessLine: ~Copyable {
    let request: Request
    let status: Int
    let report: ExchangeReport
    /// Octets of the contents, without heads and framing.
    let bytesIn: Int
    let bytesOut: Int
    let duration: TimeAmount
    let listener: Listener.Role
    /// Hides the secrets of the target.
    let mask: TargetMask
    /// The answer, if nothing is new about it but when and to whom it was given.
    let repeated: RepeatedAnswer?

    func write(to line: inout LogLine) {
        line.positional("kind", word: "access")
        line.field("id", self.request.id)
        line.field("listener", word: self.listener.rawValue)
        line.field("client", word: self.request.client.address)
        if let excerpt = self.repeated?.excerpt, excerpt.isJSON == line.isJSON {
            line.append(excerpt)
        } else {
            let start = line.count
            self.writeAnswer(to: &line)
            self.repeated?.excerpt = line.excerpt(from: start)
        }
        line.field("ms", self.duration)
    }

    private func writeAnswer(to line: inout LogLine) {
        line.field("method", self.request.head.method.rawValue)
        line.field("path", self.mask.masked(self.request.head.target))
        line.field("status", self.status)
        line.field("upstream", word: self.report.upstream)
        line.field("circuit", word: self.report.circuit?.rawValue)
        line.field("decision", word: self.report.decision.rawValue)
        line.field("attempt", self.report.attempts)
        line.field("cache", word: self.report.cache.rawValue)
        line.field("outcome", word: self.report.outcome?.word)
        line.field("reason", word: self.report.reason)
        line.field("bytes_in", self.bytesIn)
        line.field("bytes_out", self.bytesOut)
    }
}

extension Outcome {
    /// `success`, or the kind of failure: one word for `grep outcome=timeout`.
    fileprivate var word: String {
        switch self {
        case .success: "success"
        case .failure(let kind): kind.rawValue
        case .excluded: "excluded"
        case .throttled: "throttled"
        case .cancelled: "cancelled"
        }
    }
}
