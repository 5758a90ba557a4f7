// SPDX-License-Identifier: Apache-2.0

package import NIOCore
package import Resilience
import Synchronization

/// What is counted about one upstream. It outlives reloads, as counters must never go back.
///
/// Counting costs a few relaxed atomic additions and may be done on any thread. What the circuit and the cache know by
/// themselves is read from them when somebody asks.
package final class UpstreamMetrics: Sendable {
    /// A step of an attempt whose duration is kept.
    package enum Timing: Int, CaseIterable, Sendable {
        /// Name resolution, TCP and TLS together; only where a connection was made.
        case connect
        /// From the end of the request to the head of the answer.
        case firstByte
        /// The whole attempt, content included.
        case total

        /// The word in metrics.
        package var label: String {
            switch self {
            case .connect: "connect"
            case .firstByte: "first_byte"
            case .total: "total"
            }
        }
    }

    package let upstream: String
    package let requests = RequestCounters()
    private let running = Atomic<Int>(0)
    private let attempts = Counters(count: UpstreamMetrics.attemptKinds.count)
    private let stores = Atomic<UInt64>(0)
    /// In millionths of the unit that costs are in.
    private let savings = Atomic<UInt64>(0)
    private let timings = DurationHistograms(kinds: Timing.allCases.count)

    package init(upstream: String) {
        self.upstream = upstream
    }

    // MARK: Counting

    /// An exchange that was routed here began. Each must be ended once.
    package func exchangeStarted() {
        self.running.wrappingAdd(1, ordering: .relaxed)
    }

    /// - Parameters:
    ///   - status: What the client was sent, or 0 if it went away before.
    ///   - cost: What a call costs at the vendor, if anybody has said.
    package func exchangeEnded(_ report: ExchangeReport, status: Int, cost: Double? = nil) {
        self.running.wrappingSubtract(1, ordering: .relaxed)
        self.requests.count(report, status: status)
        guard let cost, report.sparesCall else { return }
        self.savings.wrappingAdd(UInt64((cost * 1_000_000).rounded()), ordering: .relaxed)
    }

    package func attemptEnded(_ outcome: Outcome) {
        self.attempts.add(at: outcome.ordinal)
    }

    package func observe(_ timing: Timing, _ duration: TimeAmount) {
        self.timings.observe(duration, kind: timing.rawValue)
    }

    /// An answer was put into the cache.
    package func cacheStored() {
        self.stores.wrappingAdd(1, ordering: .relaxed)
    }

    // MARK: Reading

    /// Exchanges that have begun and not ended.
    package var inFlight: Int { self.running.load(ordering: .relaxed) }

    package var cacheStores: UInt64 { self.stores.load(ordering: .relaxed) }

    /// What the calls would have cost that the cache answered.
    package var costSaved: Double { Double(self.savings.load(ordering: .relaxed)) / 1_000_000 }

    /// Attempts by outcome, those that never happened included; a failure goes by its kind.
    package var attemptCounts: [(kind: String, count: UInt64)] {
        Self.attemptKinds.indices.map { (Self.attemptKinds[$0], self.attempts[$0]) }
    }

    package func durations(of timing: Timing) -> DurationSample {
        self.timings.sample(kind: timing.rawValue)
    }

    private static let attemptKinds =
        ["success", "excluded", "throttled", "cancelled"] + FailureKind.allCases.map(\.rawValue)
}

extension Outcome {
    fileprivate var ordinal: Int {
        switch self {
        case .success: 0
        case .excluded: 1
        case .throttled: 2
        case .cancelled: 3
        case .failure(let kind): 4 + kind.ordinal
        }
    }
}

extension FailureKind {
    fileprivate var ordinal: Int {
        switch self {
        case .dns: 0
        case .connect: 1
        case .tls: 2
        case .timeout: 3
        case .reset: 4
        case .protocol: 5
        case .status: 6
        case .body: 7
        }
    }
}
