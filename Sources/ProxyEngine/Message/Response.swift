// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore
package import Resilience

/// What the engine answers, with what is to be known about how it came to be.
///
/// Its fields are end-to-end fields only; `Content-Length` stands among them only where there is no content to count,
/// as in answers to HEAD.
package struct Response {
    package var head: ResponseHead
    package var body: Body
    package var report = ExchangeReport()
    /// The admission of the attempt behind it, which knows the outcome once the content has been read.
    var ticket: CircuitTicket?
    /// Where its end is to be counted, if it is still coming.
    var end: ExchangeEnd?
    /// The upstream's side of a connection that is HTTP no more, behind a 101.
    var upgraded: ByteStream?

    /// If it may be given again as it is.
    var repetition: Repetition?

    package init(_ head: ResponseHead, _ body: Body = .empty) {
        self.head = head
        self.body = body
    }

    init(_ head: ResponseHead, _ body: Body, _ report: ExchangeReport) {
        self.head = head
        self.body = body
        self.report = report
    }

    /// The report, with what has become known since the head was received.
    package var finalReport: ExchangeReport {
        var report = self.report
        report.outcome = self.ticket?.outcome ?? report.outcome
        return report
    }

    /// Reads all of the content. Throws when it is cut off or longer than `limit` bytes; then the rest is given up.
    package func collected(upTo limit: Int) async throws(ProxyError) -> CollectedResponse {
        do throws(ProxyError) {
            guard case .whole(let content) = try await self.body.collect(upTo: limit) else {
                throw ProxyError(.protocolError, "the answer is longer than \(limit) bytes")
            }
            self.end?.count(self.finalReport, status: self.head.status)
            return CollectedResponse(head: self.head, content: content, report: self.finalReport)
        } catch {
            self.end?.count(self.report(endedBy: error), status: self.head.status)
            throw error
        }
    }

    /// The report of an answer that was not passed on to its end.
    func report(endedBy error: ProxyError) -> ExchangeReport {
        var report = self.finalReport
        report.reason = error.kind.rawValue
        // What had come whole was counted then, with what had become of the attempt.
        let isCounted = self.end == nil && report.upstream != nil
        if error.kind == .cancelled, !isCounted { report.outcome = .cancelled }
        return report
    }
}

/// A response whose content has arrived whole.
package struct CollectedResponse: Sendable {
    package let head: ResponseHead
    package let content: ByteBuffer
    package let report: ExchangeReport
}

/// How an exchange went: what its access line and its metrics say.
package struct ExchangeReport: Sendable {
    package var upstream: String?
    /// What the circuit was when the exchange was decided.
    package var circuit: CircuitBreaker.State?
    package var decision: Decision = .local
    /// Tries at the upstream that this exchange made itself.
    package var attempts = 0
    package var cache: CacheUse = .none
    package var outcome: Outcome?
    /// Why the proxy itself had to answer.
    package var reason: String?

    package init() {}

    package enum Decision: String, CaseIterable, Sendable {
        /// Answered by the proxy itself: health, combined, errors.
        case local
        case pass, probe, rejected, hit, collapsed

        /// Whether the upstream was asked for this exchange.
        package var isAttempt: Bool {
            switch self {
            case .pass, .probe: true
            case .local, .rejected, .hit, .collapsed: false
            }
        }
    }

    /// Whether the store or another's call spared this exchange one of its own.
    package var sparesCall: Bool { self.cache.sparesCall && !self.decision.isAttempt }

    package enum CacheUse: String, CaseIterable, Sendable {
        /// No cache is declared, or not for this request.
        case none
        case hit, miss, bypass, collapsed
        /// Out of the store, though its time was up: in place of an error, or because somebody allows it.
        case stale

        /// Whether the answer was the store's or another's, be it that the upstream was asked first and failed.
        fileprivate var sparesCall: Bool {
            switch self {
            case .hit, .collapsed, .stale: true
            case .none, .miss, .bypass: false
            }
        }
    }
}
