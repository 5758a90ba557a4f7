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
    private struct Current {
        var breaker: CircuitBreaker
        /// Taken along with every decision, and written to after the lock.
        var log: CircuitLog
    }

    package let name: String
    private let current: Mutex<Current>
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
        self.current = Mutex(Current(breaker: breaker, log: log))
        log.initialized(name, policy)
    }

    /// New thresholds, as a reload brings them; counts and state stay.
    func apply(_ policy: CircuitBreaker.Policy, log: CircuitLog) {
        self.current.withLock {
            $0.breaker.apply(policy)
            $0.breaker.reportsSuccesses = log.lines.successes
            $0.log = log
        }
    }

    /// Asks for admission. A ticket must be ended exactly once, and ends itself as cancelled if it is dropped.
    func admit() throws(ProxyError) -> CircuitTicket {
        let (admission, log) = self.current.withLock { ($0.breaker.admit(now: .now), $0.log) }
        switch admission {
        case .admitted(let permit, let events):
            self.report(events, to: log)
            return CircuitTicket(self, permit)
        case .rejected(let rejection, let events):
            self.report(events, to: log)
            log.rejected(self.name)
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
        let log: CircuitLog? = self.current.withLock {
            let isRejected = $0.breaker.reject(now: .now) {
                $0.state == error.circuit && $0.retryAfter.map(ProxyError.wholeSeconds) == error.retryAfterSeconds
            }
            return isRejected ? $0.log : nil
        }
        log?.rejected(self.name, again: &excerpt)
        return log != nil
    }

    /// Has the breaker decide something, and writes down what follows from it.
    private func change(_ decide: (inout CircuitBreaker) -> [CircuitBreaker.Event]) {
        let (events, log) = self.current.withLock { (decide(&$0.breaker), $0.log) }
        self.report(events, to: log)
    }

    private func report(_ events: [CircuitBreaker.Event], to log: CircuitLog) {
        for event in events { log.write(event, of: self.name) }
    }

    fileprivate func record(_ outcome: Outcome, for permit: CircuitBreaker.Permit, begun: NIODeadline) {
        self.metrics.attemptEnded(outcome)
        self.metrics.observe(.total, .now() - begun)
        self.change { $0.record(outcome, for: permit, now: .now) }
    }

    /// Opens or closes by hand, until an instant or until it is reset.
    package func force(_ state: CircuitBreaker.ForcedState, for duration: Duration?) {
        let now = CircuitBreaker.Instant.now
        self.change { $0.force(state, until: duration.map { now.advanced(by: $0) }, now: now) }
    }

    package func reset() {
        self.change { $0.reset(now: .now) }
    }

    package var state: CircuitBreaker.State {
        self.current.withLock { $0.breaker.state(at: .now) }
    }

    package var status: CircuitBreaker.Status {
        self.current.withLock { $0.breaker.status(at: .now) }
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
