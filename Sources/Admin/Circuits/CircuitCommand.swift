// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyEngine
import Resilience

/// What an operator wants of a circuit: `{"state": "open", "ttl": "60s"}`, or the same as a form or as a query.
enum CircuitCommand: Equatable {
    /// Until the time is up, or until somebody resets.
    case force(CircuitBreaker.ForcedState, for: Duration?)
    case reset

    /// - Throws: 400 with the reason, when it is not clear what is wanted.
    init(_ request: LocalRequest) throws(ProxyError) {
        var members = Self.form(request.query ?? "")
        members += try Self.content(of: request)
        var state: String?
        var ttl: Duration?
        for (name, value) in members {
            switch name {
            case "state" where state == nil: state = value
            case "ttl" where ttl == nil: ttl = try Self.timeToLive(value)
            case "state", "ttl": throw ProxyError(.badRequest, "\(name) is given twice")
            default: throw ProxyError(.badRequest, "only state and ttl can be given")
            }
        }
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

    private static func content(of request: LocalRequest) throws(ProxyError) -> [(String, String)] {
        guard request.body.readableBytes > 0 else { return [] }
        let type = request.head.fields["content-type"]?.prefix { $0 != ";" }.trimmingOptionalWhitespace() ?? ""
        if type.equalsIgnoringCase("application/x-www-form-urlencoded") {
            return Self.form(String(buffer: request.body))
        }
        guard type.equalsIgnoringCase("application/json"),
            let json = try? JSON(parsing: request.body.readableBytesView),
            let members = json.object
        else {
            throw ProxyError(.badRequest, "expected a JSON object or a form, by its Content-Type")
        }
        return try members.map { (member) throws(ProxyError) in
            guard let value = member.value.string else {
                throw ProxyError(.badRequest, "expected text as the value of each member")
            }
            return (member.name, value)
        }
    }

    /// `application/x-www-form-urlencoded` (URL Standard, 5.1).
    private static func form(_ text: String) -> [(String, String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        String(decoding: PercentEncoding.decode(String(text.map { $0 == "+" ? " " : $0 })), as: UTF8.self)
    }
}
