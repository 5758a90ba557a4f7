// SPDX-License-Identifier: Apache-2.0

import Resilience

/// Exchanges by how they went: a dense table with one cell for each combination of labels.
package final class RequestCounters: Sendable {
    /// One combination that has been seen, with the words of its labels.
    package struct Sample: Sendable, Equatable {
        package var outcome: String
        package var statusClass: String
        package var cache: String
        package var decision: String
        package var count: UInt64

        /// Whether these made no call of their own.
        package var sparesCall: Bool {
            var report = ExchangeReport()
            report.cache = ExchangeReport.CacheUse(rawValue: self.cache) ?? .none
            report.decision = ExchangeReport.Decision(rawValue: self.decision) ?? .local
            return report.sparesCall
        }
    }

    private static let outcomes = ["success", "failure", "excluded", "throttled", "cancelled", "none"]
    private static let statusClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"]
    private static let caches = ExchangeReport.CacheUse.allCases.map(\.rawValue)
    private static let decisions = ExchangeReport.Decision.allCases.map(\.rawValue)

    private let cells = Counters(
        count: RequestCounters.outcomes.count * RequestCounters.statusClasses.count
            * ExchangeReport.CacheUse.allCases.count * ExchangeReport.Decision.allCases.count
    )

    package init() {}

    /// - Parameter status: What the client was sent; anything outside 100 to 599 means that it was sent nothing.
    package func count(_ report: ExchangeReport, status: Int) {
        var index = report.outcome.ordinal
        index = index * 6 + (100..<600 ~= status ? status / 100 : 0)
        index = index * 6 + report.cache.ordinal
        index = index * 6 + report.decision.ordinal
        self.cells.add(at: index)
    }

    /// The combinations that have been seen at least once, in a fixed order.
    package var samples: [Sample] {
        (0..<self.cells.count).compactMap { index in
            let count = self.cells[index]
            guard count > 0 else { return nil }
            return Sample(
                outcome: Self.outcomes[index / 216],
                statusClass: Self.statusClasses[index / 36 % 6],
                cache: Self.caches[index / 6 % 6],
                decision: Self.decisions[index % 6],
                count: count
            )
        }
    }
}

// Positions are spelt out because a search in `allCases` would cost more than all the rest of counting.

extension Outcome? {
    fileprivate var ordinal: Int {
        switch self {
        case .success: 0
        case .failure: 1
        case .excluded: 2
        case .throttled: 3
        case .cancelled: 4
        case nil: 5
        }
    }
}

extension ExchangeReport.CacheUse {
    fileprivate var ordinal: Int {
        switch self {
        case .none: 0
        case .hit: 1
        case .miss: 2
        case .bypass: 3
        case .collapsed: 4
        case .stale: 5
        }
    }
}

extension ExchangeReport.Decision {
    fileprivate var ordinal: Int {
        switch self {
        case .local: 0
        case .pass: 1
        case .probe: 2
        case .rejected: 3
        case .hit: 4
        case .collapsed: 5
        }
    }
}
