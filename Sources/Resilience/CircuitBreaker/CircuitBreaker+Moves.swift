// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// Makes the moves that time alone has brought since the last call, dated when they were due.
    ///
    /// A probe that never returns is one of them: its lease ends as a failure by timeout, so that the circuit opens for
    /// another reset timeout and then probes again. No attempt can hold a place for ever.
    mutating func catchUp(to now: Instant) -> [Event] {
        guard let due = self.nextMove, due <= now else { return [] }
        switch self.phase {
        case .closed, .open:
            return []
        case .halfOpen:
            self.failed(.timeout, at: due)
            return [.probeFailed(.timeout)] + self.open(.probeExpired, at: due)
        case .forced(.open, _, _):
            return self.move(to: .halfOpen(Trial()), .forceExpired, at: due)
        case .forced(.closed, _, _):
            return self.move(to: .closed, .forceExpired, at: due)
        }
    }

    /// When time alone moves the circuit on, if ever.
    var nextMove: Instant? {
        switch self.phase {
        case .closed, .open: nil
        case .halfOpen(let trial): trial.firstLeaseEnd
        case .forced(_, _, let end): end
        }
    }

    mutating func failed(_ kind: FailureKind, at instant: Instant) {
        self.failCount += 1
        self.tally.lastFailure = Failure(kind: kind, at: instant)
    }

    mutating func open(_ cause: Cause, at instant: Instant) -> [Event] {
        self.move(to: .open(since: instant), cause, at: instant) + [
            .opened(self.opening(for: self.policy.resetTimeout, isForced: false))
        ]
    }

    func opening(for duration: Duration?, isForced: Bool) -> Opening {
        Opening(duration: duration, failMax: self.policy.failMax, isForced: isForced, mode: self.policy.mode)
    }

    /// Enters a phase and begins a generation. Nothing is to be told if readers see the same state as before.
    mutating func move(to phase: Phase, _ cause: Cause, at instant: Instant) -> [Event] {
        let transition = Transition(
            from: self.phase.state,
            to: phase.state,
            cause: cause,
            at: instant,
            failCount: self.failCount,
            successCount: self.successCount
        )
        self.tally.openTime += self.openTime(until: instant)
        self.phase = phase
        self.generation += 1
        if case .closed = phase { self.failCount = 0 }
        guard transition.from != transition.to else { return [] }
        self.tally.add(transition)
        return [.moved(transition)]
    }

    var successCount: Int {
        switch self.phase {
        case .halfOpen(let trial): trial.successes
        case .closed, .open, .forced: 0
        }
    }

    /// How long this phase has kept the circuit open, up to an instant.
    func openTime(until instant: Instant) -> Duration {
        switch self.phase {
        case .closed, .halfOpen, .forced(.closed, _, _):
            .zero
        case .open(let start):
            max(.zero, min(instant - start, self.policy.resetTimeout))
        case .forced(.open, let start, let end):
            max(.zero, min(instant, end ?? instant) - start)
        }
    }
}
