// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import ProxyConfiguration
package import Resilience
import Synchronization

/// The circuit of one upstream as all event loops share it. It outlives reloads.
///
/// The lock is held for one call of a pure value; what follows from it is logged and counted afterwards.
package final class Circuit: Sendable {
    package let name: String
    private let breaker: Mutex<CircuitBreaker>
    private let log: Mutex<CircuitLog>
    private let metrics: UpstreamMetrics
    /// Said beforehand, since rejecting must be cheap.
    private let isOpen: String
    private let isHalfOpen: String

    init(name: String, policy: CircuitBreaker.Policy, log: CircuitLog, metrics: UpstreamMetrics) {
        self.name = name
        self.metrics = metrics
        self.isOpen = "the circuit of \(name) is open"
        self.isHalfOpen = "the circuit of \(name) is half-open"
        var breaker = CircuitBreaker(policy: policy)
        breaker.reportsSuccesses = log.lines.successes
        self.breaker = Mutex(breaker)
        self.log = Mutex(log)
        log.initialized(name, policy)
    }

    /// New thresholds, as a reload brings them; counts and state stay.
    func apply(_ policy: CircuitBreaker.Policy, log: CircuitLog) {
        self.breaker.withLock { breaker in
            breaker.apply(policy)
            breaker.reportsSuccesses = log.lines.successes
        }
        self.log.withLock { $0 = log }
    }

    /// Asks for admission. A ticket must be ended exactly once, and ends itself as cancelled if it is dropped.
    func admit() throws(ProxyError) -> CircuitTicket {
        switch self.breaker.withLock({ $0.admit(now: .now) }) {
        case .admitted(let permit, let events):
            self.report(events)
            return CircuitTicket(self, permit)
        case .rejected(let rejection, let events):
            self.report(events)
            self.log.withLock { $0 }.rejected(self.name)
            var error = ProxyError(
                .circuitOpen,
                rejection.state == .halfOpen ? self.isHalfOpen : self.isOpen,
                upstream: self.name,
                retryAfter: rejection.retryAfter
            )
            error.circuit = rejection.state
            error.decision = .rejected
            throw error
        }
    }

    /// Rejects as it did before, if it would do so in the same words; otherwise nothing has happened.
    ///
    /// - Parameter excerpt: What is kept of the log's line from one time to the next.
    func rejects(again error: ProxyError, _ excerpt: inout LogLine.Excerpt?) -> Bool {
        let isRejected = self.breaker.withLock {
            $0.reject(now: .now) {
                $0.state == error.circuit && $0.retryAfter.map(ProxyError.wholeSeconds) == error.retryAfterSeconds
            }
        }
        if isRejected { self.log.withLock { $0 }.rejected(self.name, again: &excerpt) }
        return isRejected
    }

    fileprivate func record(_ outcome: Outcome, for permit: CircuitBreaker.Permit, begun: NIODeadline) {
        self.metrics.attemptEnded(outcome)
        self.metrics.observe(.total, .now() - begun)
        self.report(self.breaker.withLock { $0.record(outcome, for: permit, now: .now) })
    }

    /// Opens or closes by hand, until an instant or until it is reset.
    package func force(_ state: CircuitBreaker.ForcedState, for duration: Duration?) {
        let now = CircuitBreaker.Instant.now
        self.report(
            self.breaker.withLock { $0.force(state, until: duration.map { now.advanced(by: $0) }, now: now) }
        )
    }

    package func reset() {
        self.report(self.breaker.withLock { $0.reset(now: .now) })
    }

    package var state: CircuitBreaker.State {
        self.breaker.withLock { $0.state(at: .now) }
    }

    package var status: CircuitBreaker.Status {
        self.breaker.withLock { $0.status(at: .now) }
    }

    private func report(_ events: [CircuitBreaker.Event]) {
        guard !events.isEmpty else { return }
        let log = self.log.withLock { $0 }
        for event in events { log.write(event, of: self.name) }
    }
}

/// The admission of one attempt, to be given back with its outcome. Confined to the event loop of the attempt.
final class CircuitTicket {
    private let circuit: Circuit
    private let permit: CircuitBreaker.Permit
    private let begun = NIODeadline.now()
    private(set) var outcome: Outcome?

    fileprivate init(_ circuit: Circuit, _ permit: CircuitBreaker.Permit) {
        self.circuit = circuit
        self.permit = permit
    }

    /// What was decided of the exchange that has it.
    var decision: ExchangeReport.Decision { self.permit.isProbe ? .probe : .pass }

    /// Ends the attempt. Only the first outcome counts.
    func end(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        self.circuit.record(outcome, for: self.permit, begun: self.begun)
    }

    deinit {
        if self.outcome == nil { self.circuit.record(.cancelled, for: self.permit, begun: self.begun) }
    }
}

extension ProxyError {
    /// The same as the end of an attempt.
    func ending(_ ticket: CircuitTicket) -> ProxyError {
        var error = self
        error.decision = ticket.decision
        return error
    }
}
