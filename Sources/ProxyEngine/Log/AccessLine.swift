// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Resilience

/// What is written about one exchange.
package struct AccessLine: Sendable {
    package var id: RequestID
    /// The client's address, without port.
    package var client: String
    package var method: String
    /// The target with its query, secrets masked by a `TargetMask`.
    package var path: String
    package var status: Int
    package var report: ExchangeReport
    /// Octets of the contents, without heads and framing.
    package var bytesIn: Int
    package var bytesOut: Int
    package var duration: TimeAmount
    package var listener: Listener.Role

    package init(
        id: RequestID,
        client: String,
        method: String,
        path: String,
        status: Int,
        report: ExchangeReport,
        bytesIn: Int,
        bytesOut: Int,
        duration: TimeAmount,
        listener: Listener.Role
    ) {
        self.id = id
        self.client = client
        self.method = method
        self.path = path
        self.status = status
        self.report = report
        self.bytesIn = bytesIn
        self.bytesOut = bytesOut
        self.duration = duration
        self.listener = listener
    }

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
