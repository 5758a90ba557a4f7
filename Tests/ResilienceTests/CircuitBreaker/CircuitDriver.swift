// SPDX-License-Identifier: Apache-2.0

import Resilience

/// A circuit with a clock that moves only when it is told to.
final class CircuitDriver {
    typealias Event = CircuitBreaker.Event
    typealias Permit = CircuitBreaker.Permit
    typealias Rejection = CircuitBreaker.Rejection

    var breaker: CircuitBreaker
    private(set) var now: CircuitBreaker.Instant
    private(set) var events: [Event] = []
    let start: CircuitBreaker.Instant

    /// Three failures open it for 60 s, two probes close it, one at a time, leased for 10 s; changed as the test needs.
    init(_ change: (inout CircuitBreaker.Policy) -> Void = { _ in }) {
        self.breaker = CircuitBreaker(policy: Self.policy(change))
        self.start = CircuitBreaker.Instant.now
        self.now = self.start
    }

    static func policy(_ change: (inout CircuitBreaker.Policy) -> Void = { _ in }) -> CircuitBreaker.Policy {
        var policy = CircuitBreaker.Policy()
        policy.failMax = 3
        policy.resetTimeout = .seconds(60)
        policy.successThreshold = 2
        policy.probes = 1
        policy.probeLease = .seconds(10)
        change(&policy)
        return policy
    }

    var state: CircuitBreaker.State { self.breaker.state(at: self.now) }
    var status: CircuitBreaker.Status { self.breaker.status(at: self.now) }

    func wait(_ duration: Duration) {
        self.now = self.now.advanced(by: duration)
    }

    func ask() -> CircuitBreaker.Admission {
        let admission = self.breaker.admit(now: self.now)
        switch admission {
        case .admitted(_, let events), .rejected(_, let events): self.events += events
        }
        return admission
    }

    /// Nil if rejected.
    func admit() -> Permit? {
        switch self.ask() {
        case .admitted(let permit, _): permit
        case .rejected: nil
        }
    }

    /// Nil if admitted.
    func rejection() -> Rejection? {
        switch self.ask() {
        case .admitted: nil
        case .rejected(let rejection, _): rejection
        }
    }

    func end(_ permit: Permit?, _ outcome: Outcome) {
        guard let permit else { return }
        self.events += self.breaker.record(outcome, for: permit, now: self.now)
    }

    /// A whole attempt. False if it was rejected.
    @discardableResult
    func attempt(_ outcome: Outcome) -> Bool {
        let permit = self.admit()
        self.end(permit, outcome)
        return permit != nil
    }

    func attempt(_ outcomes: [Outcome]) {
        for outcome in outcomes { self.attempt(outcome) }
    }

    func force(_ state: CircuitBreaker.ForcedState, for duration: Duration? = nil) {
        let end = duration.map { self.now.advanced(by: $0) }
        self.events += self.breaker.force(state, until: end, now: self.now)
    }

    func reset() {
        self.events += self.breaker.reset(now: self.now)
    }

    func apply(_ change: (inout CircuitBreaker.Policy) -> Void) {
        var policy = self.breaker.policy
        change(&policy)
        self.breaker.apply(policy)
    }

    /// What has been told since the last time.
    func takeEvents() -> [Event] {
        defer { self.events = [] }
        return self.events
    }
}

extension CircuitDriver {
    /// Fails until it is open.
    static func open(_ change: (inout CircuitBreaker.Policy) -> Void = { _ in }) -> CircuitDriver {
        let driver = CircuitDriver(change)
        for _ in 0..<driver.breaker.policy.failMax { driver.attempt(.failure(.timeout)) }
        return driver
    }

    /// Opens, and waits until a probe may pass.
    static func halfOpen(_ change: (inout CircuitBreaker.Policy) -> Void = { _ in }) -> CircuitDriver {
        let driver = CircuitDriver.open(change)
        driver.wait(driver.breaker.policy.resetTimeout)
        return driver
    }
}

extension Outcome {
    static let neutral: [Outcome] = [.excluded, .throttled, .cancelled]
    static let all: [Outcome] = [.success] + FailureKind.allCases.map { .failure($0) } + Self.neutral
}
