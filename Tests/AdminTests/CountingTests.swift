// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyEngine
import Resilience
import Testing

@Suite("Counting")
struct CountingTests {
    @Test("keeps every combination of labels apart")
    func combinations() {
        let counters = RequestCounters()
        let outcomes: [Outcome?] = [.success, .failure(.timeout), .excluded, .throttled, .cancelled, nil]
        var expected: [String] = []
        for outcome in outcomes {
            for status in [0, 100, 204, 304, 499, 503] {
                for cache in ExchangeReport.CacheUse.allCases {
                    for decision in ExchangeReport.Decision.allCases {
                        var report = ExchangeReport()
                        report.outcome = outcome
                        report.cache = cache
                        report.decision = decision
                        counters.count(report, status: status)
                        let status = status == 0 ? "none" : "\(status / 100)xx"
                        expected.append("\(Self.word(outcome)) \(status) \(cache.rawValue) \(decision.rawValue) 1")
                    }
                }
            }
        }
        let found = counters.samples.map { "\($0.outcome) \($0.statusClass) \($0.cache) \($0.decision) \($0.count)" }
        #expect(found == expected)
    }

    private static func word(_ outcome: Outcome?) -> String {
        switch outcome {
        case .failure: "failure"
        case let outcome?: "\(outcome)"
        case nil: "none"
        }
    }

    @Test("takes a status that is none for an answer that never was", arguments: [-1, 0, 99, 600, Int.max])
    func oddStatus(status: Int) {
        let counters = RequestCounters()
        counters.count(ExchangeReport(), status: status)
        #expect(counters.samples.map(\.statusClass) == ["none"])
    }

    @Test("keeps every kind of attempt apart")
    func attempts() {
        let metrics = UpstreamMetrics(upstream: "weather")
        let outcomes: [Outcome] =
            [.success, .excluded, .throttled, .cancelled] + FailureKind.allCases.map { .failure($0) }
        for (times, outcome) in outcomes.enumerated() {
            for _ in 0...times { metrics.attemptEnded(outcome) }
        }
        let words = ["success", "excluded", "throttled", "cancelled"] + FailureKind.allCases.map(\.rawValue)
        #expect(metrics.attemptCounts.map(\.kind) == words)
        #expect(metrics.attemptCounts.map(\.count) == (1...UInt64(words.count)).map { $0 })
    }

    @Test("puts a duration that is exactly a bound below it")
    func bounds() {
        let metrics = UpstreamMetrics(upstream: "weather")
        for bound in metrics.durations(of: .total).buckets.map(\.bound) {
            metrics.observe(.total, .nanoseconds(Int64((bound * 1e9).rounded())))
        }
        metrics.observe(.total, .seconds(61))
        metrics.observe(.total, .nanoseconds(-5))
        let sample = metrics.durations(of: .total)
        #expect(sample.buckets.map(\.count) == (2...UInt64(sample.buckets.count + 1)).map { $0 })
        #expect(sample.count == UInt64(sample.buckets.count) + 2)
        #expect(metrics.durations(of: .connect).count == 0)
    }

    @Test("saves nothing where the API was asked first, and failed")
    func savings() {
        let metrics = UpstreamMetrics(upstream: "weather")
        var report = ExchangeReport()
        report.cache = .stale
        for decision: ExchangeReport.Decision in [.hit, .rejected, .pass, .probe] {
            report.decision = decision
            metrics.exchangeEnded(report, status: 200, cost: 0.5)
        }
        #expect(metrics.costSaved == 1)
        #expect(metrics.requests.samples.filter(\.sparesCall).map(\.decision) == ["rejected", "hit"])
    }

    @Test("loses nothing when many threads count at once")
    func concurrency() async {
        let metrics = UpstreamMetrics(upstream: "weather")
        await withTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<2000 {
                        metrics.exchangeStarted()
                        metrics.attemptEnded(.success)
                        metrics.observe(.total, .milliseconds(1))
                        metrics.exchangeEnded(ExchangeReport(), status: 200)
                    }
                }
            }
        }
        #expect(metrics.inFlight == 0)
        #expect(metrics.requests.samples.map(\.count) == [16000])
        #expect(metrics.attemptCounts.first?.count == 16000)
        #expect(metrics.durations(of: .total).count == 16000)
    }
}
