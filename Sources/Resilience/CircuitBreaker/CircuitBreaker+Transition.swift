// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// The raw value is the one spelling in answers, logs and metrics.
    package enum State: String, CaseIterable, Sendable {
        case closed, open
        case halfOpen = "half-open"
    }

    /// Why a circuit moved. The raw value is the word in logs, metrics and answers.
    package enum Cause: String, CaseIterable, Sendable {
        /// The failures in a row reached the threshold.
        case failures
        /// Open has lasted long enough, and somebody asked.
        case resetTimeout = "reset_timeout"
        case probesSucceeded = "probes_succeeded"
        case probeFailed = "probe_failed"
        /// A probe was not back when its lease ended.
        case probeExpired = "probe_expired"
        case forced
        case forceExpired = "force_expired"
        case reset
    }

    /// One move from a state to another.
    package struct Transition: Hashable, Sendable {
        package let from: State
        package let to: State
        package let cause: Cause
        package let at: Instant
        /// The counts that led to it.
        package let failCount: Int
        package let successCount: Int

        package var step: Step { Step(from: self.from, to: self.to, cause: self.cause) }
    }

    /// What transitions are counted by.
    package struct Step: Hashable, Sendable {
        package let from: State
        package let to: State
        package let cause: Cause

        package init(from: State, to: State, cause: Cause) {
            self.from = from
            self.to = to
            self.cause = cause
        }
    }
}
