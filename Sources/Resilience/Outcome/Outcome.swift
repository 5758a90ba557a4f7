// SPDX-License-Identifier: Apache-2.0

/// What one attempt says about the upstream.
package enum Outcome: Hashable, Sendable {
    case success
    case failure(FailureKind)
    /// The upstream answered, and the answer says nothing about its health: moves no counter.
    case excluded
    /// The upstream asked for less traffic, or the account is exhausted: moves no counter.
    case throttled
    /// The client went away before there was an answer: moves no counter.
    case cancelled
}

/// Why an attempt failed. The raw value is the word in logs, metrics and problem documents.
package enum FailureKind: String, CaseIterable, Sendable {
    case dns, connect, tls, timeout, reset, `protocol`, status, body
}
