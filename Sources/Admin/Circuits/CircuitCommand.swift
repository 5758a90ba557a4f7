// SPDX-License-Identifier: Apache-2.0

import ProxyEngine
import Resilience

/// What an operator wants of a circuit: `{"state": "open", "ttl": "60s"}`, or the same as a form or as a query.
enum CircuitCommand: Equatable {
    /// Until the time is up, or until somebody resets.
    case force(CircuitBreaker.ForcedState, for: Duration?)
    case reset

    /// - Throws: 400 with the reason, when it is not clear what is wanted.
    init(_ request: LocalRequest) throws(ProxyError) {
        let members = try request.members(among: ["state", "ttl"])
        let state = members["state"]
        let ttl = try members["ttl"].map { (text) throws(ProxyError) in try Self.timeToLive(text) }
        switch (state, ttl) {
        case ("open", _): self = .force(.open, for: ttl)
        case ("closed", _): self = .force(.closed, for: ttl)
        case ("reset", nil): self = .reset
        case ("reset", _): throw ProxyError(.badRequest, "a reset takes no ttl")
        default: throw ProxyError(.badRequest, "state must be open, closed or reset")
        }
    }

    /// A whole number with its unit: `500ms`, `60s`, `5m`, `2h`, `1d`; from a millisecond to 30 days.
    private static func timeToLive(_ text: String) throws(ProxyError) -> Duration {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
        guard let number = Int(digits), let unit = units[String(text.dropFirst(digits.count))], number >= 1,
            number <= 30 * 86_400_000 / unit
        else {
            throw ProxyError(.badRequest, "ttl must be a whole number with a unit, such as 60s or 5m, up to 30d")
        }
        return .milliseconds(number * unit)
    }
}
