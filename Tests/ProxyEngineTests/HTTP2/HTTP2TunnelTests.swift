// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// CONNECT on a stream of HTTP/2 (RFC 9113, 8.5), over real sockets.
@Suite(.serialized) struct HTTP2TunnelTests {
    private static func withTunnels(
        to upstream: FaultyUpstream,
        settings: TestFrame = .settings(),
        _ change: (inout Configuration) -> Void = { _ in },
        _ test: (HTTP2Client, TestProxy) async throws -> Void
    ) async throws {
        try await ProxyEngineTests.withTunnels(to: upstream, change) { proxy in
            try await test(try await HTTP2Client(to: proxy.port, settings: settings), proxy)
        }
    }

    private static func connect(
        _ authority: String = "api.example:443",
        _ fields: [(String, String)] = [],
        stream: UInt32 = 1,
        endStream: Bool = false
    ) -> TestFrame {
        .headers(
            [(":method", "CONNECT"), (":authority", authority)] + fields,
            stream: stream,
            endStream: endStream
        )
    }

    private static let get = Array("GET /inside HTTP/1.1\r\nHost: inside\r\n\r\n".utf8)

    /// Content until it contains what is waited for, or its end.
    private static func content(
        of client: HTTP2Client,
        stream: UInt32 = 1,
        until isEnough: ([UInt8]) -> Bool = { _ in false }
    ) async throws -> (bytes: [UInt8], hasEnded: Bool) {
        var bytes: [UInt8] = []
        while true {
            let frame = try await client.frame { $0.kind == .data && $0.stream == stream }
            bytes += frame.payload
            if frame.has(TestFrame.endStream) { return (bytes, true) }
            if isEnough(bytes) { return (bytes, false) }
        }
    }

    private static func begin(_ client: HTTP2Client, stream: UInt32 = 1) async throws {
        try await client.send(Self.connect(stream: stream))
        let head = try await client.frame { $0.kind == .headers && $0.stream == stream }
        // A literal, or the eighth entry of the table: 200 and nothing else.
        #expect(head.payload == [0x88])
        #expect(!head.has(TestFrame.endStream))
    }

    @Test func `what follows goes through untouched, on every stream by itself`() async throws {
        let upstream = try await FaultyUpstream()
        try await Self.withTunnels(to: upstream) { client, proxy in
            for stream: UInt32 in [1, 3] {
                try await Self.begin(client, stream: stream)
                try await client.send(.data(Self.get, stream: stream, endStream: false))
                let answer = try await Self.content(of: client, stream: stream) { $0.suffix(5) == Array("hello".utf8) }
                #expect(!answer.hasEnded)
            }
            #expect(upstream.record.value.accepted == 2)
            #expect(upstream.requests.allSatisfy { $0.target == "/inside" && !$0.fields.contains("via") })
            #expect(try proxy.upstream().metrics.inFlight == 2)
            // One ends, the other goes on.
            try await client.send(.data([], stream: 1))
            #expect(try await upstream.end(ofConnection: 0) == .finished)
            #expect(try await Self.content(of: client, stream: 1).hasEnded)
            try await client.send(.data(Self.get, stream: 3, endStream: false))
            _ = try await Self.content(of: client, stream: 3) { $0.suffix(5) == Array("hello".utf8) }
            // And requests of the usual kind beside it.
            #expect(try await client.exchange("GET", "/api/", stream: 5).text == "hello")
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func `what came with the request is the tunnel's, its end included`() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(body: "bye", as: .untilClose) }
        try await Self.withTunnels(to: upstream) { client, _ in
            try await client.send(Self.connect(), .data(Self.get, endStream: true))
            let answer = try await Self.content(of: client)
            #expect(answer.hasEnded && answer.bytes.suffix(3) == Array("bye".utf8))
            #expect(try await upstream.end(ofConnection: 0) == .finished)
        }
    }

    @Test func `an upstream may end first`() async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in
            Reply([.send(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")), .halfClose, .receiveBody])
        }
        try await Self.withTunnels(to: upstream) { client, _ in
            try await Self.begin(client)
            let head = Array("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 30000\r\n\r\n".utf8)
            try await client.send(.data(head, endStream: false))
            #expect(try await Self.content(of: client).hasEnded)
            for _ in 0..<3 { try await client.send(.data([UInt8](repeating: 1, count: 10000), endStream: false)) }
            try await eventually("all of the content") { upstream.record.value.received >= 30000 }
        }
    }

    @Test func `much goes through`() async throws {
        let upstream = try await FaultyUpstream { _ in .large(8 << 20) }
        try await Self.withTunnels(to: upstream) { client, _ in
            try await Self.begin(client)
            try await client.send(.data(Self.get, endStream: true))
            let answer = try await Self.content(of: client) { $0.count >= 8 << 20 }
            #expect(answer.bytes.count >= 8 << 20)
        }
    }

    @Test func `a reader that stops holds the upstream back, and is cut off`() async throws {
        let upstream = try await FaultyUpstream { _ in .large(256 << 20) }
        try await Self.withTunnels(to: upstream) {
            $0.forward.idle = .milliseconds(300)
        } _: { client, _ in
            client.opensWindows = false
            try await Self.begin(client)
            try await client.send(.data(Self.get, endStream: false))
            #expect(try await client.failure() == 10)
            _ = try await upstream.end(ofConnection: 0)
            #expect(upstream.record.value.sent < 32 << 20)
        }
    }

    @Test func `an end that is none is none on the other side`() async throws {
        let upstream = try await FaultyUpstream()
        try await Self.withTunnels(to: upstream) { client, proxy in
            try await Self.begin(client)
            try await client.send(.data(Self.get, endStream: false))
            _ = try await Self.content(of: client) { $0.suffix(5) == Array("hello".utf8) }
            // The stream.
            try await client.send(.reset(stream: 1))
            #expect(try await upstream.end(ofConnection: 0) == .reset)
            // What is no content (RFC 9113, 8.5).
            try await Self.begin(client, stream: 3)
            try await client.send(.headers([("x", "y")], stream: 3))
            #expect(try await client.frame { $0.kind == .reset }.errorCode == 1)
            #expect(try await upstream.end(ofConnection: 1) == .reset)
            // The upstream's connection (RFC 9113, 7: CONNECT_ERROR).
            upstream.script(.reset)
            try await Self.begin(client, stream: 5)
            try await client.send(.data(Self.get, stream: 5, endStream: false))
            let reset = try await client.frame { $0.kind == .reset && $0.stream == 5 }
            #expect(reset.errorCode == 10)
            // The client's connection.
            try await Self.begin(client, stream: 7)
            await client.client.abort()
            #expect(try await upstream.end(ofConnection: 3) == .reset)
            try await eventually("the tunnels to end") { try proxy.upstream().metrics.inFlight == 0 }
        }
    }

    @Test(arguments: [
        ("evil.example:443", 403), ("api.example:22", 403), ("api.example", 400), ("api.example:0", 400),
        ("127.0.0.1:443", 403),
    ])
    func `other tunnels are refused`(_ authority: String, _ status: Int) async throws {
        let upstream = try await FaultyUpstream()
        try await Self.withTunnels(to: upstream) { client, _ in
            try await client.send(Self.connect(authority))
            let response = try await client.response()
            #expect(response.status == status)
            #expect(response.fields["content-type"] == "application/problem+json")
            let loop = [("via", "1.1 \(RequestID.pseudonym)")]
            try await client.send(Self.connect(authority, loop, stream: 3, endStream: true))
            #expect(try await client.response(on: 3).status == (status == 400 ? 400 : 508))
            try await client.send(Self.connect("api.example:443", [("content-length", "5")], stream: 5))
            #expect(try await client.response(on: 5).status == 400)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func `failures to connect open the circuit`() async throws {
        let upstream = try await FaultyUpstream(port: FreePort.any())
        try await upstream.refuseConnections()
        try await Self.withTunnels(to: upstream) { client, proxy in
            for (index, status) in [502, 502, 503].enumerated() {
                let stream = UInt32(2 * index + 1)
                try await client.send(Self.connect(stream: stream))
                #expect(try await client.response(on: stream).status == status)
            }
            #expect(try proxy.upstream().circuit.state == .open)
        }
    }
}
