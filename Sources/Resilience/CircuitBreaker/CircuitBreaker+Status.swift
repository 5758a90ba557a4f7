// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// A counted failure.
    package struct Failure: Hashable, Sendable {
        package let kind: FailureKind
        package let at: Instant
    }

    /// Everything there is to know of a circuit at one instant.
    package struct Status: Hashable, Sendable {
        /// The instant it holds for, against which the others can be turned into wall-clock time.
        package let at: Instant
        package let policy: Policy
        package let state: State
        /// Whether attempts are let through. True unless open and enforced; half-open, it depends on the probes.
        package let isAvailable: Bool
        /// When the state began; nil if it has not changed since the start.
        package let since: Instant?
        /// Until the next probe may pass; nil unless open, or if only a reset ends it.
        package let retryIn: Duration?
        package let failCount: Int
        package let successCount: Int
        package let lastFailure: Failure?
        package let forced: ForcedState?
        /// Nil if not forced, or until a reset.
        package let forcedUntil: Instant?
        /// Permits that have not come back.
        package let inFlight: Int
        package let openedTotal: Int
        package let rejected: Rejections
        /// Attempts that were let through only because the circuit observes.
        package let wouldRejectTotal: Int
        /// Outcomes that came back after the circuit had moved on.
        package let lateTotal: Int
        /// All the time the circuit was open, this one included.
        package let openTime: Duration
        /// The latest 16 at most, oldest first.
        package let transitions: [Transition]
        package let transitionCounts: [Step: Int]

        package var rejectedTotal: Int { self.rejected.total }
    }

    /// The state that holds at an instant, whether or not an attempt has noticed: an open circuit whose time is up is
    /// half-open. Closed if the mode is `off`.
    ///
    /// - Parameter now: Asked for where it matters only: most circuits are closed, whatever the time.
    package func state(at now: @autoclosure () -> Instant) -> State {
        guard self.policy.mode != .off else { return .closed }
        switch self.phase {
        case .closed:
            return .closed
        case .open(let start):
            return self.isOver(start, at: now()) ? .halfOpen : .open
        case .halfOpen(let trial):
            guard let end = trial.firstLeaseEnd, end <= now() else { return .halfOpen }
            return self.isOver(end, at: now()) ? .halfOpen : .open
        case .forced(let state, _, let end):
            let isOver = end.map { $0 <= now() } ?? false
            return state == .closed ? .closed : isOver ? .halfOpen : .open
        }
    }

    package func status(at now: Instant) -> Status {
        var current = self
        if self.policy.mode != .off { _ = current.catchUp(to: now) }
        return current.caughtUpStatus(at: now)
    }

    private func caughtUpStatus(at now: Instant) -> Status {
        let state = self.state(at: now)
        let (forced, forcedUntil) = self.override
        return Status(
            at: now,
            policy: self.policy,
            state: state,
            isAvailable: state != .open || self.policy.mode != .enforce,
            since: self.start(of: state),
            retryIn: state == .open ? self.openEnd.map { max(.zero, $0 - now) } : nil,
            failCount: self.failCount,
            successCount: self.successCount,
            lastFailure: self.tally.lastFailure,
            forced: forced,
            forcedUntil: forcedUntil,
            inFlight: self.tally.inFlight,
            openedTotal: self.tally.opened,
            rejected: self.tally.rejected,
            wouldRejectTotal: self.tally.wouldReject,
            lateTotal: self.tally.late,
            openTime: self.tally.openTime + self.openTime(until: now),
            transitions: self.tally.history,
            transitionCounts: self.tally.steps
        )
    }

    private func isOver(_ start: Instant, at now: Instant) -> Bool {
        now >= start + self.policy.resetTimeout
    }

    private var override: (ForcedState?, until: Instant?) {
        switch self.phase {
        case .forced(let state, _, let end): (state, end)
        case .closed, .open, .halfOpen: (nil, nil)
        }
    }

    private var openEnd: Instant? {
        switch self.phase {
        case .open(let start): start + self.policy.resetTimeout
        case .forced(.open, _, let end): end
        case .closed, .halfOpen, .forced(.closed, _, _): nil
        }
    }

    /// Half-open by the clock alone began when the open time was over.
    private func start(of state: State) -> Instant? {
        state == .halfOpen && self.phase.state == .open ? self.openEnd : self.tally.history.last?.at
    }
}
