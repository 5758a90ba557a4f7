// SPDX-License-Identifier: Apache-2.0

/// Decides whether an attempt may be made, from what earlier attempts have shown. It reads no clock and takes no lock.
///
/// Closed, traffic flows, and the `failMax`-th failure in a row opens it. Open, nothing passes until the reset timeout is
/// over. Half-open, a few probes pass: enough successes close it, one failure opens it again.
///
/// Every move begins a new generation. A permit carries the generation it was given in, and an outcome that comes back
/// to a later one moves nothing: what was begun before the circuit opened cannot close it, nor be counted twice.
package struct CircuitBreaker: Sendable {
    /// Monotonic, so that a step of the wall clock neither closes nor prolongs anything.
    package typealias Instant = ContinuousClock.Instant

    package internal(set) var policy: Policy
    /// Whether every success is an event, and not only those of probes: off unless somebody reads them.
    package var reportsSuccesses = false

    var phase = Phase.closed
    /// Zero is never a generation: it marks permits whose outcome is not counted.
    var generation: UInt64 = 1
    /// Failures in a row while closed, and those of the probes since.
    var failCount = 0
    var nextProbe: UInt64 = 1
    var tally = Tally()

    package init(policy: Policy) {
        self.policy = policy
    }

    /// Asks whether an attempt may be made. Each permit must come back through ``record(_:for:now:)`` once.
    package mutating func admit(now: Instant) -> Admission {
        if self.policy.mode == .off { return self.pass([]) }
        var events = self.catchUp(to: now)
        if let rejection = self.rejection(at: now) {
            guard self.policy.mode == .enforce else {
                self.tally.wouldReject += 1
                return self.pass(events + [.wouldReject(rejection)])
            }
            self.tally.rejected[rejection.reason] += 1
            return .rejected(rejection, events)
        }
        switch self.phase {
        case .closed:
            self.tally.inFlight += 1
            return .admitted(Permit(generation: self.generation), events)
        case .forced:
            return self.pass(events)
        case .open:
            events += self.move(to: .halfOpen(Trial()), .resetTimeout, at: now)
            return self.probe(Trial(), now: now, events)
        case .halfOpen(let trial):
            return self.probe(trial, now: now, events)
        }
    }

    /// Rejects an attempt where ``admit(now:)`` would do nothing else, and would do it as the caller expects; otherwise
    /// nothing has happened.
    ///
    /// - Returns: Whether it was rejected.
    package mutating func reject(now: Instant, if isExpected: (Rejection) -> Bool) -> Bool {
        let hasMoved = self.nextMove.map { $0 <= now } ?? false
        guard self.policy.mode == .enforce, !hasMoved, let rejection = self.rejection(at: now), isExpected(rejection)
        else { return false }
        self.tally.rejected[rejection.reason] += 1
        return true
    }

    /// Takes a permit back with what the attempt has shown.
    package mutating func record(_ outcome: Outcome, for permit: Permit, now: Instant) -> [Event] {
        self.tally.inFlight = max(0, self.tally.inFlight - 1)
        let isOff = self.policy.mode == .off
        let events = isOff ? [] : self.catchUp(to: now)
        let verdict = isOff ? .neutral : self.policy.verdict(on: outcome)
        guard permit.generation == self.generation else {
            if permit.isCounted, verdict != .neutral { self.tally.late += 1 }
            return events
        }
        switch self.phase {
        case .closed:
            return events + self.count(verdict, now: now)
        case .halfOpen(var trial):
            // A permit that ends twice frees one place, not two.
            guard trial.end(permit) else { return events }
            self.phase = .halfOpen(trial)
            return events + self.count(verdict, of: trial, now: now)
        case .open, .forced:
            return events
        }
    }
}

extension CircuitBreaker {
    /// Admits without counting what comes of it.
    private mutating func pass(_ events: [Event]) -> Admission {
        self.tally.inFlight += 1
        return .admitted(.uncounted, events)
    }

    private mutating func probe(_ trial: Trial, now: Instant, _ events: [Event]) -> Admission {
        var trial = trial
        let permit = Permit(generation: self.generation, probe: self.nextProbe)
        trial.begin(permit, until: now + self.policy.probeLease)
        self.nextProbe += 1
        self.phase = .halfOpen(trial)
        self.tally.inFlight += 1
        return .admitted(permit, events)
    }

    /// Why no attempt may be made in this phase, if none may.
    private func rejection(at now: Instant) -> Rejection? {
        switch self.phase {
        case .closed, .forced(.closed, _, _):
            return nil
        case .forced(.open, _, let end):
            return Rejection(reason: .forced, retryAfter: end.map { $0 - now })
        case .open(let start):
            let end = start + self.policy.resetTimeout
            return now < end ? Rejection(reason: .open, retryAfter: end - now) : nil
        case .halfOpen(let trial):
            guard trial.probes.count >= self.policy.probes else { return nil }
            // A probe ends soon, in one way or the other, and to ask again costs the upstream nothing.
            return Rejection(reason: .halfOpen, retryAfter: min(.seconds(1), self.policy.resetTimeout))
        }
    }

    private mutating func count(_ verdict: Verdict, now: Instant) -> [Event] {
        switch verdict {
        case .neutral:
            return []
        case .success:
            self.failCount = 0
            return self.reportsSuccesses ? [.succeeded] : []
        case .failure(let kind):
            self.failed(kind, at: now)
            guard self.failCount >= self.policy.failMax else {
                return [.failed(kind, count: self.failCount, of: self.policy.failMax)]
            }
            return [.reachedThreshold(kind, count: self.failCount)] + self.open(.failures, at: now)
        }
    }

    private mutating func count(_ verdict: Verdict, of trial: Trial, now: Instant) -> [Event] {
        switch verdict {
        case .neutral:
            return []
        case .success:
            var trial = trial
            trial.successes += 1
            self.phase = .halfOpen(trial)
            let event = Event.probeSucceeded(count: trial.successes, of: self.policy.successThreshold)
            guard trial.successes >= self.policy.successThreshold else { return [event] }
            return [event] + self.move(to: .closed, .probesSucceeded, at: now)
        case .failure(let kind):
            self.failed(kind, at: now)
            return [.probeFailed(kind)] + self.open(.probeFailed, at: now)
        }
    }
}
