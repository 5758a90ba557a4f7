// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Logging
import NIOCore
import NIOPosix
import ProxyConfiguration

@testable import Admin
@testable import ProxyEngine
@testable import Resilience

/// A circuit whose time is told by the test, beginning at 2026-01-01T00:00:00Z.
struct TimedCircuit {
    static let start = ContinuousClock.now
    static let clock = WallClock(instant: start, sinceEpoch: .seconds(1_767_225_600))

    let name: String
    var breaker: CircuitBreaker
    var now = TimedCircuit.start

    init(_ name: String, mode: CircuitBreaker.Policy.Mode = .enforce) {
        self.name = name
        var policy = CircuitBreaker.Policy()
        policy.mode = mode
        policy.failMax = 2
        policy.successThreshold = 2
        self.breaker = CircuitBreaker(policy: policy)
    }

    var reading: CircuitReading { CircuitReading(name: self.name, status: self.breaker.status(at: self.now)) }

    /// Makes an attempt, and tells whether it was let through.
    @discardableResult
    mutating func attempt(_ outcome: Outcome) -> Bool {
        guard case .admitted(let permit, _) = self.breaker.admit(now: self.now) else { return false }
        _ = self.breaker.record(outcome, for: permit, now: self.now)
        return true
    }
}

extension CircuitReading {
    static func closed(_ name: String) -> CircuitReading { TimedCircuit(name).reading }

    static func open(_ name: String, mode: CircuitBreaker.Policy.Mode = .enforce) -> CircuitReading {
        var circuit = TimedCircuit(name, mode: mode)
        circuit.attempt(.failure(.timeout))
        circuit.attempt(.failure(.timeout))
        return circuit.reading
    }

    static func halfOpen(_ name: String) -> CircuitReading {
        var circuit = TimedCircuit(name)
        circuit.attempt(.failure(.timeout))
        circuit.attempt(.failure(.timeout))
        circuit.now += .seconds(60)
        return circuit.reading
    }

    static func forced(_ name: String, _ state: CircuitBreaker.ForcedState) -> CircuitReading {
        var circuit = TimedCircuit(name)
        _ = circuit.breaker.force(state, until: circuit.now + .seconds(30), now: circuit.now)
        return circuit.reading
    }
}

extension Circuit {
    /// A real one, without a log.
    static func silent(_ name: String) -> Circuit {
        Circuit(
            name: name,
            policy: CircuitBreaker.Policy(),
            log: CircuitLog(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, lines: .init()),
            metrics: UpstreamMetrics(upstream: name)
        )
    }
}

extension LocalRequest {
    static func of(
        _ method: HTTPMethod,
        _ path: String,
        query: String? = nil,
        fields: HeaderFields = [:],
        body: String = ""
    ) -> LocalRequest {
        LocalRequest(
            head: RequestHead(method, path, fields: fields),
            path: path,
            query: query,
            body: ByteBuffer(string: body),
            client: .init(address: "127.0.0.1", isTLS: false),
            worker: Worker(loop: MultiThreadedEventLoopGroup.singleton.any(), index: 0),
            id: .next()
        )
    }
}

extension LocalResponse {
    var text: String { String(buffer: self.body) }
    var json: JSON? { try? JSON(parsing: self.body.readableBytesView) }
}
