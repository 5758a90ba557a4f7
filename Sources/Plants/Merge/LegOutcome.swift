// SPDX-License-Identifier: Apache-2.0

/// How the call of one leg ended.
struct LegOutcome: Sendable, Equatable {
    enum Result: Sendable, Equatable {
        /// An answer without suggestions and without a look at diseases is `no_match`.
        case answered(LegAnswer, cached: Bool)
        /// It was not asked, because the request cannot be put to it.
        case skipped(reason: String)
        /// It was not asked, because its circuit or another limit of the proxy did not let it.
        case unavailable(reason: String, retryAfter: Int?)
        /// It was asked, and did not answer in time.
        case timedOut
        /// It was asked in vain.
        case failed(reason: String)
    }

    let leg: String
    let result: Result
    /// From the call to the end of its answer.
    let duration: Duration

    var answer: LegAnswer? {
        if case .answered(let answer, _) = self.result { answer } else { nil }
    }

    /// The word in `providers.*.status`.
    var status: String {
        switch self.result {
        case .answered: "ok"
        case .skipped: "skipped"
        case .unavailable: "unavailable"
        case .timedOut, .failed: "failed"
        }
    }

    /// The word in `providers.*.reason`, of a fixed set but for `http-<status>`.
    var reason: String? {
        switch self.result {
        case .answered(let answer, _):
            answer.suggestions.isEmpty && answer.health == nil ? "no_match" : nil
        case .skipped(let reason), .unavailable(let reason, _), .failed(let reason): reason
        case .timedOut: "timeout"
        }
    }

    var isCached: Bool {
        if case .answered(_, let cached) = self.result { cached } else { false }
    }

    var retryAfter: Int? {
        if case .unavailable(_, let seconds) = self.result { seconds } else { nil }
    }
}
