// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine
import Resilience

/// What one circuit said of itself at one moment.
struct CircuitReading: Sendable {
    /// The state with who decided it, as metrics number it.
    enum Position: Int {
        case closed, halfOpen, open, forcedOpen, forcedClosed

        var word: String {
            switch self {
            case .closed: "closed"
            case .halfOpen: "half-open"
            case .open: "open"
            case .forcedOpen: "forced-open"
            case .forcedClosed: "forced-closed"
            }
        }
    }

    let name: String
    let status: CircuitBreaker.Status

    var position: Position {
        switch (self.status.forced, self.status.state) {
        case (.open, .open): .forcedOpen
        case (.closed, .closed): .forcedClosed
        case (_, .closed): .closed
        case (_, .halfOpen): .halfOpen
        case (_, .open): .open
        }
    }

    /// The fields that health shows of it.
    func summary(at clock: WallClock) -> [JSON.Member] {
        let status = self.status
        return [
            .init(name: "state", value: .string(status.state.rawValue)),
            .init(name: "available", value: .bool(status.isAvailable)),
            .init(name: "fail_count", value: .int(status.failCount)),
            .init(name: "fail_max", value: .int(status.policy.failMax)),
            .init(name: "success_count", value: .int(status.successCount)),
            .init(name: "success_threshold", value: .int(status.policy.successThreshold)),
            .init(name: "reset_timeout", value: .seconds(status.policy.resetTimeout)),
            .init(name: "retry_in", value: status.retryIn.map { .seconds($0) } ?? .null),
            .init(name: "last_failure", value: clock.json(status.lastFailure?.at)),
            .init(name: "last_failure_reason", value: status.lastFailure.map { .string($0.kind.rawValue) } ?? .null),
        ]
    }

    /// Everything there is to know about it.
    func details(at clock: WallClock) -> JSON {
        let status = self.status
        let more: [JSON.Member] = [
            .init(name: "mode", value: .string(status.policy.mode.rawValue)),
            .init(name: "forced", value: status.forced.map { .string($0.rawValue) } ?? .null),
            .init(name: "forced_until", value: clock.json(status.forcedUntil)),
            .init(name: "since", value: clock.json(status.since)),
            .init(name: "opened_total", value: .int(status.openedTotal)),
            .init(name: "rejected_total", value: .int(status.rejectedTotal)),
            .init(name: "in_flight", value: .int(status.inFlight)),
            .init(name: "transitions", value: .array(status.transitions.map { Self.json($0, at: clock) })),
        ]
        return .object(self.summary(at: clock) + more)
    }

    private static func json(_ transition: CircuitBreaker.Transition, at clock: WallClock) -> JSON {
        [
            "at": clock.json(transition.at),
            "from": .string(transition.from.rawValue),
            "to": .string(transition.to.rawValue),
            "cause": .string(transition.cause.rawValue),
        ]
    }
}

extension [CircuitReading] {
    /// One object for each circuit, keyed by name, in the order of the file.
    func details(at clock: WallClock) -> JSON {
        .object(self.map { JSON.Member(name: $0.name, value: $0.details(at: clock)) })
    }
}

extension Circuit {
    var reading: CircuitReading { CircuitReading(name: self.name, status: self.status) }
}

extension [Circuit] {
    var readings: [CircuitReading] { self.map(\.reading) }
}

extension JSON {
    /// A number of seconds, to the millisecond; whole numbers without a point.
    static func seconds(_ duration: Duration) -> JSON {
        .number(PrometheusText.number(duration.roundedSeconds))
    }
}

extension WallClock {
    fileprivate func json(_ instant: ContinuousClock.Instant?) -> JSON {
        instant.map { .string(self.rfc3339($0)) } ?? .null
    }
}
