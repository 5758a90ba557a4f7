// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Resilience

/// What is written about one exchange: when, for whom, and what came of it.
struct AccessLine: ~Copyable {
    let id: RequestID
    let listener: Listener.Role
    let client: String
    let duration: TimeAmount

    /// - Parameter account: Puts down what came of it.
    func write(to line: inout LogLine, _ account: (inout LogLine) -> Void) {
        line.positional("kind", word: "access")
        line.field("id", self.id)
        line.field("listener", word: self.listener.rawValue)
        line.field("client", word: self.client)
        account(&line)
        line.field("ms", self.duration)
    }
}

/// What came of an exchange, and what had been asked for.
struct ExchangeAccount: ~Copyable {
    let head: RequestHead
    let status: Int
    let report: ExchangeReport
    /// Octets of the contents, without heads and framing.
    let bytesIn: Int
    let bytesOut: Int
    /// Hides the secrets of the target.
    let mask: TargetMask

    func write(to line: inout LogLine) {
        line.field("method", self.head.method.rawValue)
        line.field("path", self.mask.masked(self.head.target))
        line.field("status", self.status)
        line.field("upstream", word: self.report.upstream)
        line.field("circuit", word: self.report.circuit?.rawValue)
        line.field("decision", word: self.report.decision.rawValue)
        line.field("attempt", self.report.attempts)
        line.field("cache", word: self.report.cache.rawValue)
        line.field("outcome", word: self.report.outcome?.word)
        line.field("reason", word: self.report.reason)
        line.field("bytes_in", self.bytesIn)
        line.field("bytes_out", self.bytesOut)
    }
}

extension Outcome {
    /// `success`, or the kind of failure: one word for `grep outcome=timeout`.
    fileprivate var word: String {
        switch self {
        case .success: "success"
        case .failure(let kind): kind.rawValue
        case .excluded: "excluded"
        case .throttled: "throttled"
        case .cancelled: "cancelled"
        }
    }
}
