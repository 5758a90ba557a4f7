// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// The instant at which the whole exchange is over, and the step that is going on within it.
struct ExchangeDeadline {
    let timeouts: Timeouts
    let total: NIODeadline

    init(_ timeouts: Timeouts, start: NIODeadline, cap: NIODeadline = .distantFuture) {
        self.timeouts = timeouts
        self.total = min(start + TimeAmount(timeouts.total), cap)
    }

    /// The nearer of a step's own end and the exchange's.
    func phase(_ kind: ProxyError.Kind, now: NIODeadline = .now()) -> Phase {
        let duration = self.duration(of: kind)
        let end = now + TimeAmount(duration)
        return end < self.total
            ? Phase(end: end, kind: kind, limit: duration)
            : Phase(end: self.total, kind: .totalTimeout, limit: self.timeouts.total)
    }

    private func duration(of kind: ProxyError.Kind) -> Duration {
        switch kind {
        case .connectTimeout: self.timeouts.connect
        case .firstByteTimeout: self.timeouts.firstByte
        case .idleTimeout: self.timeouts.idle
        default: self.timeouts.total
        }
    }
}

/// One step with its end, and the error it ends in when it takes longer.
struct Phase {
    let end: NIODeadline
    let kind: ProxyError.Kind
    let limit: Duration

    var error: ProxyError { ProxyError(self.kind, self.detail) }

    private var detail: String {
        let limit = Quantity.text(self.limit)
        return switch self.kind {
        case .connectTimeout: "no connection within \(limit)"
        case .firstByteTimeout: "no answer within \(limit)"
        case .idleTimeout: "nothing moved for \(limit)"
        default: "not finished within \(limit)"
        }
    }
}
