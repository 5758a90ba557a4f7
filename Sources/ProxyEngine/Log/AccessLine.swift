// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Resilience

/// What is written about one exchange.
struct AccessLine: ~Copyable {
    let id: RequestID
    /// The client's address, without port.
    let client: String
    let method: String
    /// The target with its query, secrets masked by a `TargetMask`.
    let path: String
    let status: Int
    let report: ExchangeReport
    /// Octets of the contents, without heads and framing.
    let bytesIn: Int
    let bytesOut: Int
    let duration: TimeAmount
    let listener: Listener.Role

    func write(to line: inout LogLine) {
        line.positional("kind", "access")
        line.field("id", self.id)
        line.field("listener", word: self.listener.rawValue)
        line.field("client", self.client)
        line.field("method", self.method)
        line.field("path", self.path)
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
        line.field("ms", self.duration)
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
