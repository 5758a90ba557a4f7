// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// When a circuit opens, for how long, and what closes it again.
    package struct Policy: Hashable, Sendable {
        package enum Mode: String, CaseIterable, Sendable {
            /// Rejects while open.
            case enforce
            /// Counts, moves and logs as if it enforced, and rejects nothing.
            case observe
            /// Neither counts nor rejects: the quick way back.
            case off
        }

        /// What an excluded outcome does.
        package enum Exclusion: String, CaseIterable, Sendable {
            /// Moves no counter and frees the probe.
            case neutral
            /// Counts as a success, as pybreaker has it: clears the failures and counts towards closing.
            case success
        }

        package var mode: Mode = .enforce
        /// Consecutive failures that open the circuit, 1 to 1000; it opens **on** the last of them. Default 5.
        package var failMax = 5
        /// How long open lasts before a probe may pass, 1 ms to 24 h. Default 60 s.
        package var resetTimeout: Duration = .seconds(60)
        /// Successful probes that close the circuit, 1 to 1000. Default 1.
        package var successThreshold = 1
        /// Probes in flight at once while half-open, 1 to 1000. Default 1.
        package var probes = 1
        /// How long a probe may hold its place, 1 ms to 24 h: then it counts as a failure by timeout, and its place is for
        /// another once the circuit probes again. Default: the upstream's total timeout.
        package var probeLease: Duration = .seconds(60)
        /// What an excluded outcome does. Default: neutral.
        package var excludedAs: Exclusion = .neutral

        package init() {}
    }
}
