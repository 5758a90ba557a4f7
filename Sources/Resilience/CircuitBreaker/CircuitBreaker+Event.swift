// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// What there is to tell of a call, in the order in which it happened.
    package enum Event: Hashable, Sendable {
        /// A success while closed; only if ``CircuitBreaker/reportsSuccesses`` asks for it.
        case succeeded
        /// A failure that does not yet open the circuit.
        case failed(FailureKind, count: Int, of: Int)
        /// The failure that opens it; what it leads to follows.
        case reachedThreshold(FailureKind, count: Int)
        case probeSucceeded(count: Int, of: Int)
        case probeFailed(FailureKind)
        case moved(Transition)
        case opened(Opening)
        /// The duration is nil if only a reset ends it.
        case forced(ForcedState, for: Duration?)
        case wasReset
        /// The circuit only observes, and let the attempt pass.
        case wouldReject(Rejection)
    }

    /// How an open time begins.
    package struct Opening: Hashable, Sendable {
        /// How long nothing will pass; nil if only a reset ends it.
        package let duration: Duration?
        package let failMax: Int
        package let isForced: Bool
        package let mode: Policy.Mode
    }
}
