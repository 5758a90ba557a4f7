// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Resilience

/// The end of an exchange whose answer is still coming, to be counted once it is known.
///
/// Whoever passes the answer on says how it ended; one that nobody passes on was given up.
final class ExchangeEnd {
    private let metrics: UpstreamMetrics
    private let status: Int
    private let cost: Double?
    private var report: ExchangeReport
    private var isCounted = false

    init(of response: Response, in metrics: UpstreamMetrics, cost: Double?) {
        self.metrics = metrics
        self.status = response.head.status
        self.cost = cost
        self.report = response.report
    }

    /// - Parameter status: What the client was sent.
    func count(_ report: ExchangeReport, status: Int) {
        guard !self.isCounted else { return }
        self.isCounted = true
        self.metrics.exchangeEnded(report, status: status, cost: self.cost)
    }

    deinit {
        self.report.outcome = .cancelled
        self.count(self.report, status: self.status)
    }
}
