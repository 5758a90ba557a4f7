// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// The answer to ``admit(now:)``, with what there is to tell besides.
    package enum Admission: Hashable, Sendable {
        case admitted(Permit, [Event])
        case rejected(Rejection, [Event])
    }

    /// Proof of admission. An outcome whose permit is of an earlier generation cannot move the circuit.
    package struct Permit: Hashable, Sendable {
        let generation: UInt64
        /// Tells the probes of one generation apart; zero is none.
        let probe: UInt64

        static let uncounted = Permit(generation: 0)

        init(generation: UInt64, probe: UInt64 = 0) {
            self.generation = generation
            self.probe = probe
        }

        /// Whether it holds one of the places of a half-open circuit.
        package var isProbe: Bool { self.probe != 0 }
        var isCounted: Bool { self.generation != 0 }
    }

    /// Why no attempt may be made.
    package struct Rejection: Hashable, Sendable {
        /// The raw value is the label in metrics.
        package enum Reason: String, CaseIterable, Sendable {
            case open, forced
            /// Every probe is under way.
            case halfOpen = "half-open"
        }

        package let reason: Reason
        /// When it is worth asking again, never negative; nil if that is up to an operator.
        package let retryAfter: Duration?

        package var state: State {
            switch self.reason {
            case .open, .forced: .open
            case .halfOpen: .halfOpen
            }
        }
    }
}
