// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// Where the circuit stands as of the last call. What the clock has changed since then is not in it.
    enum Phase: Sendable {
        /// Traffic flows. Moves to `.open` when the failures reach the threshold.
        case closed
        /// Nothing passes. Moves to `.halfOpen` on the first admission once the reset timeout is over. Only the start is
        /// kept, so that a new timeout also holds for a circuit that is open already.
        case open(since: Instant)
        /// Probes pass. Moves to `.closed` on enough successes, to `.open` on a failure or on a lease that runs out.
        case halfOpen(Trial)
        /// Somebody has decided. Moves on at `until`, open to `.halfOpen` and closed to `.closed`, or when it is reset.
        case forced(ForcedState, since: Instant, until: Instant?)

        var state: State {
            switch self {
            case .closed, .forced(.closed, _, _): .closed
            case .open, .forced(.open, _, _): .open
            case .halfOpen: .halfOpen
            }
        }
    }

    /// The probes of one half-open time, and what has come of them.
    struct Trial: Sendable {
        struct Probe: Sendable {
            let permit: Permit
            let leaseEnd: Instant
        }

        var successes = 0
        private(set) var probes: [Probe] = []

        var firstLeaseEnd: Instant? {
            self.probes.lazy.map(\.leaseEnd).min()
        }

        mutating func begin(_ permit: Permit, until leaseEnd: Instant) {
            self.probes.append(Probe(permit: permit, leaseEnd: leaseEnd))
        }

        /// False if the permit holds no place.
        mutating func end(_ permit: Permit) -> Bool {
            guard let index = self.probes.firstIndex(where: { $0.permit == permit }) else { return false }
            self.probes.remove(at: index)
            return true
        }
    }

    /// What an outcome means to this circuit.
    enum Verdict: Equatable {
        case success, neutral
        case failure(FailureKind)
    }
}

extension CircuitBreaker.Policy {
    func verdict(on outcome: Outcome) -> CircuitBreaker.Verdict {
        switch outcome {
        case .success: .success
        case .failure(let kind): .failure(kind)
        case .excluded: self.excludedAs == .success ? .success : .neutral
        case .throttled, .cancelled: .neutral
        }
    }
}
