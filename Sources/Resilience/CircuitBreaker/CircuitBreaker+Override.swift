// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// What an operator may hold a circuit in.
    package enum ForcedState: String, CaseIterable, Sendable { case open, closed }

    /// Holds the circuit open or closed until an instant, or until it is reset. Meanwhile nothing is counted.
    ///
    /// When the time is over, what was held open is probed before traffic returns, and what was held closed starts anew.
    package mutating func force(_ state: ForcedState, until end: Instant?, now: Instant) -> [Event] {
        let events = self.policy.mode == .off ? [] : self.catchUp(to: now)
        let duration = end.map { max(.zero, $0 - now) }
        let moved = self.move(to: .forced(state, since: now, until: end), .forced, at: now)
        let opened: [Event] = state == .open ? [.opened(self.opening(for: duration, isForced: true))] : []
        return events + [.forced(state, for: duration)] + moved + opened
    }

    /// Closes the circuit, forgets its counts and whatever it was forced to. Totals stay.
    package mutating func reset(now: Instant) -> [Event] {
        let events = self.policy.mode == .off ? [] : self.catchUp(to: now)
        return events + [.wasReset] + self.move(to: .closed, .reset, at: now)
    }

    /// Takes new thresholds. They hold for the counts there are, and are judged at the next outcome.
    package mutating func apply(_ policy: Policy) {
        self.policy = policy
    }
}
