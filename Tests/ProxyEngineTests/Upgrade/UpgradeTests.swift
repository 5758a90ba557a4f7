// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Connections that become something else: WebSocket, say.
@Suite(.serialized) struct UpgradeTests {
    private static let fields: HeaderFields = [
        "Connection": "keep-alive, Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "a",
        "Sec-WebSocket-Version": "13",
    ]
    private static let switching = Reply.raw(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: b\r\n\r\n"
    )

    /// An upstream that switches, says hello, and sends back what it gets until `end`.
    private static func upstream() async throws -> FaultyUpstream {
        try await FaultyUpstream { request in
            request.fields.contains("upgrade") ? Self.switching.then(.echo) : .respond(body: "plain")
        }
    }

    @Test func `after 101 both sides say what they like`() async throws {
        try await withProxy(to: try await Self.upstream()) { (proxy) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/socket?a=b", Self.fields)
            let head = try await client.head()
            #expect(head.status == 101)
            #expect(head.fields["upgrade"] == "WebSocket")
            #expect(head.fields["connection"] == "Upgrade")
            #expect(head.fields["sec-websocket-accept"] == "b")
            #expect(!head.fields.contains("content-length"))
            #expect(!head.fields.contains("transfer-encoding"))
            for text in ["ping", "\0\u{1}binary\r\n\r\n", String(repeating: "x", count: 300_000)] {
                try await client.send(text)
                let count = text.utf8.count
                let back = try await client.wire.receive("an echo") { bytes in
                    bytes.readableBytes >= count ? bytes.readString(length: count) : nil
                }
                #expect(back == text)
            }
            try await client.halfClose()
            #expect(try await client.end() == .finished)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func `the upstream gets the offer, and what the client says at once`() async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await proxy.client()
            try await client.send(
                "GET /api/ HTTP/1.1\r\nHost: a\r\n" + "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"
            )
            #expect(try await client.head().status == 101)
            let back = try await client.wire.receive("an echo") {
                $0.readableBytes >= 5 ? $0.readString(length: 5) : nil
            }
            #expect(back == "early")
            let fields = try #require(upstream.requests.first?.fields)
            #expect(fields.values(of: "connection") == ["Upgrade"])
            #expect(fields.values(of: "upgrade") == ["websocket"])
        }
    }

    @Test(arguments: ["h2c", "H2C", "h2c, h2", "HTTP/2.0", "TLS/1.0", "h3"])
    func `what is between neighbours is not passed on`(_ offer: String) async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            let response = try await proxy.exchange(
                "GET",
                "/api/",
                ["Connection": "Upgrade, HTTP2-Settings", "Upgrade": offer, "HTTP2-Settings": "AAMAAABkAAQAAP__"]
            )
            #expect(response.text == "plain")
            let fields = try #require(upstream.requests.first?.fields)
            #expect(!fields.contains("upgrade"))
            #expect(!fields.contains("connection"))
            #expect(!fields.contains("http2-settings"))
        }
    }

    @Test func `of several offers the harmless ones are passed on`() async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/", ["Connection": "upgrade", "Upgrade": "h2c, websocket, irc/6.9"])
            #expect(try await client.head().status == 101)
            #expect(upstream.requests.first?.fields["upgrade"] == "websocket, irc/6.9")
        }
    }

    @Test func `an upstream that does not want to answers as always`() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(426, ["Upgrade": "other"], body: "no") }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await proxy.client()
            let response = try await client.exchange("GET", "/api/", Self.fields)
            #expect(response.status == 426)
            #expect(response.text == "no")
            #expect(try await client.exchange("GET", "/api/").status == 426)
        }
    }

    @Test(arguments: [
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.0 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket, irc\r\nConnection: Upgrade\r\n\r\n",
    ])
    func `a 101 that nobody asked for so is an error of the upstream`(_ answer: String) async throws {
        let upstream = try await FaultyUpstream { _ in .raw(answer) }
        try await withProxy(to: upstream) { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/", Self.fields).status == 502)
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            #expect(try proxy.upstream().circuit.status.failCount == 2)
        }
    }

    @Test func `an offer with content is no offer`() async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            #expect(try await proxy.exchange("POST", "/api/", Self.fields, body: "x").text == "plain")
            #expect(upstream.requests.first?.fields.contains("upgrade") == false)
        }
    }

    @Test func `an open circuit refuses it`() async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            try proxy.upstream().circuit.force(.open, for: nil)
            #expect(try await proxy.exchange("GET", "/api/", Self.fields).status == 503)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func `the cache has no part in it`() async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) {
            $0.cache = CachePolicy(ttl: .seconds(60))
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "plain")
            let client = try await proxy.client()
            try await client.send("GET", "/api/", Self.fields)
            #expect(try await client.head().status == 101)
        }
    }

    @Test func `the end of one side is the end of the other`() async throws {
        let upstream = try await FaultyUpstream { _ in Self.switching.then(.finish) }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/", Self.fields)
            #expect(try await client.head().status == 101)
            try await client.halfClose()
            #expect(try await client.end() == .finished)
        }
        let other = try await Self.upstream()
        try await withProxy(to: other) { (proxy) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/", Self.fields)
            #expect(try await client.head().status == 101)
            await client.abort()
            _ = try await other.end(ofConnection: 0)
        }
    }

    @Test func `silence ends it after its time`() async throws {
        let upstream = try await Self.upstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            try await proxy.reload { $0.forward.idle = .milliseconds(100) }
            let client = try await proxy.client()
            try await client.send("GET", "/api/", Self.fields)
            #expect(try await client.head().status == 101)
            _ = try await client.end()
            _ = try await upstream.end(ofConnection: 0)
        }
    }

    // MARK: Events

    @Test(arguments: [false, true])
    func `an event is passed on as it comes`(_ isCacheable: Bool) async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in
            Reply([
                .send(
                    ByteBuffer(
                        string:
                            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                    )
                ),
                .send(ByteBuffer(string: "a\r\ndata: one\n\r\n")), .pass(gate),
                .send(ByteBuffer(string: "a\r\ndata: two\n\r\n0\r\n\r\n")),
            ])
        }
        try await withProxy(to: upstream) {
            if isCacheable { $0.cache = CachePolicy(ttl: .seconds(60)) }
        } _: { (proxy) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/", ["Accept": "text/event-stream"])
            let head = try await client.head()
            #expect(head.fields["content-type"] == "text/event-stream")
            let first = try await client.wire.receive("an event") { bytes in
                bytes.readableBytes >= 15 ? bytes.readString(length: 15) : nil
            }
            #expect(first == "a\r\ndata: one\n\r\n")
            gate.open()
            let second = try await client.wire.receive("an event") { bytes in
                bytes.readableBytes >= 20 ? bytes.readString(length: 20) : nil
            }
            #expect(second == "a\r\ndata: two\n\r\n0\r\n\r\n")
        }
    }
}
