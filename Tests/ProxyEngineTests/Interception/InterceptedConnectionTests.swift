// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// The connection within a tunnel that is opened here lives and ends as one on a socket does, whatever carries it.
@Suite(.serialized) struct InterceptedConnectionTests {
    private static let fields: HeaderFields = ["Host": "api.example"]

    /// But for so many connections that carry others.
    private static func expectNothingLeft(of proxy: TestProxy, but carriers: UInt64 = 0) async throws {
        try await eventually("everything to end") {
            try proxy.upstream().circuit.status.inFlight == 0
                && proxy.engine.metrics.connections.first { $0.listener == "main" }?.open == carriers
        }
        let status = try proxy.upstream().circuit.status
        #expect(status.failCount == 0 && status.lastFailure == nil)
    }

    @Test(arguments: TunnelRequest.allCases) func `a hit is answered without the upstream`(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception {
            $0.upstreams[0].cache = CachePolicy(ttl: .seconds(60))
        } _: { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls)
            for status in ["fwd=uri-miss", "hit", "hit"] {
                let response = try await client.exchange("GET", "/a", Self.fields)
                #expect(response.text == "hello")
                #expect(response.fields["cache-status"]?.contains(status) == true)
            }
            #expect(upstream.requests.count == 1)
        }
    }

    @Test(arguments: TunnelRequest.allCases) func `much goes both ways`(_ request: TunnelRequest) async throws {
        try await withInterception(answering: .large(8 << 20)) { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls)
            let large = String(repeating: "0123456789abcdef", count: 1 << 18)
            for _ in 0..<2 {
                let response = try await client.exchange("POST", "/", Self.fields, body: large)
                #expect(response.isComplete && response.body.readableBytes == 8 << 20)
                #expect(upstream.requests.last?.bodyText == large)
            }
        }
    }

    @Test func `many are on one connection, each by itself`() async throws {
        try await withInterception { proxy, upstream, tls in
            let gateway = try await StreamGateway(to: proxy.port, "api.example:443")
            var clients: [TestClient] = []
            for _ in 0..<5 {
                let client = try await gateway.client()
                try await client.secure(tls)
                clients.append(client)
            }
            for (number, client) in clients.enumerated() {
                #expect(try await client.exchange("GET", "/\(number)", Self.fields).text == "hello")
            }
            await clients[0].abort()
            try await clients[1].halfClose()
            try await gateway.record.wait(for: "two to end") { $0.ended >= 2 ? true : nil }
            for client in clients[2...] {
                #expect(try await client.exchange("GET", "/", Self.fields).text == "hello")
            }
            #expect(upstream.requests.count == 8)
            #expect(gateway.record.value.statuses == Array(repeating: "200", count: 5))
        }
    }

    @Test(arguments: TunnelRequest.allCases) func `a client that has ended its side is answered`(
        _ request: TunnelRequest
    ) async throws {
        let gate = Gate()
        try await withInterception(answering: .respond(body: "late").after(gate)) { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls)
            try await client.send("GET", "/", Self.fields)
            try await client.halfClose()
            #expect(try await client.head().status == 100)
            gate.open()
            #expect(try await client.response().text == "late")
            #expect(try await client.end() == .finished)
        }
    }

    @Test func `a connection of HTTP/2 within ends with its client`() async throws {
        try await withInterception { proxy, _, tls in
            var tls = tls
            tls.protocols = ["h2"]
            let client = try await HTTP2Client(TunnelRequest.http2.client(of: proxy, tls))
            try await client.send(TestFrame(.goAway, [UInt8](repeating: 0, count: 8)))
            try await client.client.halfClose()
            try await Self.expectNothingLeft(of: proxy, but: 1)
        }
    }

    @Test(arguments: TunnelRequest.allCases) func `after 101 both sides say what they like`(
        _ request: TunnelRequest
    ) async throws {
        let switching = Reply.raw("HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        try await withInterception(answering: switching.then(.echo)) { proxy, _, tls in
            let client = try await request.client(of: proxy, tls)
            let upgrade: HeaderFields = ["Host": "api.example", "Connection": "upgrade", "Upgrade": "websocket"]
            try await client.send("GET", "/", upgrade)
            #expect(try await client.head().status == 101)
            try await client.send("ping")
            #expect(try await client.wire.receive("an echo") { $0.readString(length: 4) } == "ping")
            try await client.halfClose()
            #expect(try await client.end() == .finished)
        }
    }

    // MARK: Ends that are none

    @Test(arguments: TunnelRequest.allCases) func `an answer that is cut off does not end well`(
        _ request: TunnelRequest
    ) async throws {
        let gateways = Watched<[StreamGateway]>([])
        try await withInterception(
            answering: .respond(body: "0123456789", as: .chunked).stopping(afterBody: 8, then: .reset)
        ) { proxy, _, tls in
            let client = try await request.client(of: proxy, tls) { gateway in
                gateways.update { $0.append(gateway) }
            }
            let response = try await client.exchange("GET", "/", Self.fields)
            #expect(response.status == 200 && response.cut == .reset)
            for gateway in gateways.value {
                // RFC 9113, 7: CONNECT_ERROR.
                try await gateway.record.wait(for: "a reset") { $0.resets == [10] ? true : nil }
            }
        }
    }

    @Test(arguments: TunnelRequest.allCases) func `a client that vanishes takes back what it asked for`(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception(answering: .stall) { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls)
            try await client.send("GET", "/", Self.fields)
            try await upstream.requests(atLeast: 1)
            await client.abort()
            _ = try await upstream.end(ofConnection: 0)
            try await Self.expectNothingLeft(of: proxy, but: request == .http1 ? 0 : 1)
        }
    }

    @Test(arguments: [[], ["h2"]]) func `and so does one whose connection is cut, with all that is within`(
        _ protocols: [String]
    ) async throws {
        try await withInterception(answering: .stall) { proxy, upstream, tls in
            var tls = tls
            tls.protocols = protocols
            let gateway = try await StreamGateway(to: proxy.port, "api.example:443")
            let client = try await gateway.client()
            try await client.secure(tls)
            if protocols.isEmpty {
                try await client.send("GET", "/", Self.fields)
            } else {
                try await HTTP2Client(client).send(.get("/", authority: "api.example"))
            }
            try await upstream.requests(atLeast: 1)
            try await gateway.abort()
            _ = try await upstream.end(ofConnection: 0)
            try await Self.expectNothingLeft(of: proxy)
        }
    }

    @Test(arguments: TunnelRequest.allCases) func `a reader who stops is cut off`(
        _ request: TunnelRequest
    ) async throws {
        let gateways = Watched<[StreamGateway]>([])
        try await withInterception(answering: .large(256 << 20)) {
            $0.downstream.idle = .milliseconds(300)
        } _: { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls) { gateway in
                gateways.update { $0.append(gateway) }
            }
            try await client.send("GET", "/", Self.fields)
            _ = try await client.head()
            _ = try await upstream.end(ofConnection: 0)
            #expect(upstream.record.value.sent < 64 << 20)
            for gateway in gateways.value {
                try await gateway.record.wait(for: "a reset") { $0.resets == [10] ? true : nil }
            }
        }
    }

    // MARK: Drain

    @Test(arguments: TunnelRequest.allCases) func `between two requests a drain ends it`(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, _, tls in
            let client = try await request.client(of: proxy, tls)
            #expect(try await client.exchange("GET", "/", Self.fields).text == "hello")
            let drain = Task { await proxy.engine.drain(within: .seconds(60)) }
            #expect(try await client.end() == .finished)
            await client.close()
            #expect(await drain.value == 0)
        }
    }

    @Test(arguments: TunnelRequest.allCases, [[], ["h2"]]) func `within a request a drain waits for its answer`(
        _ request: TunnelRequest,
        _ protocols: [String]
    ) async throws {
        let gate = Gate()
        try await withInterception(answering: .respond(body: "late").after(gate)) { proxy, upstream, tls in
            var tls = tls
            tls.protocols = protocols
            let client = try await request.client(of: proxy, tls)
            let http2 = protocols.isEmpty ? nil : try await HTTP2Client(client)
            if let http2 {
                try await http2.send(.get("/", authority: "api.example"))
            } else {
                try await client.send("GET", "/", Self.fields)
            }
            try await upstream.requests(atLeast: 1)
            let idle = try await proxy.client()
            #expect(try await idle.exchange("GET", "/nowhere").status == 404)
            let drain = Task { await proxy.engine.drain(within: .seconds(60)) }
            #expect(try await idle.end() == .finished)
            gate.open()
            if let http2 {
                #expect(try await http2.response().text == "late")
            } else {
                let response = try await client.response()
                #expect(response.text == "late" && response.fields["connection"] == "close")
            }
            #expect(try await client.end() == .finished)
            await client.close()
            #expect(await drain.value == 0)
        }
    }

    // MARK: Bounds

    @Test func `it is one of the connections of its address`() async throws {
        try await withInterception {
            $0.downstream.maxConnectionsPerAddress = 2
        } _: { proxy, _, tls in
            let gateway = try await StreamGateway(to: proxy.port, "api.example:443")
            let client = try await gateway.client()
            try await client.secure(tls)
            #expect(try await client.exchange("GET", "/", Self.fields).text == "hello")
            _ = try await gateway.client().end()
            #expect(gateway.record.value.statuses == ["200", "403"])
            await client.abort()
            try await eventually("there to be room again") {
                let count = gateway.record.value.statuses.count
                let client = try await gateway.client()
                let status = try await gateway.record.wait(for: "its status") { $0.statuses.dropFirst(count).first }
                guard status == "200" else { return false }
                try await client.secure(tls)
                return try await client.exchange("GET", "/", Self.fields).text == "hello"
            }
        }
    }

    @Test(arguments: TunnelRequest.allCases) func `it is not kept for ever`(_ request: TunnelRequest) async throws {
        try await withInterception {
            $0.downstream.keepAlive = .milliseconds(100)
        } _: { proxy, _, tls in
            let client = try await request.client(of: proxy, tls)
            #expect(try await client.exchange("GET", "/", Self.fields).text == "hello")
            #expect(try await client.end() == .finished)
            await client.close()
        }
    }
}
