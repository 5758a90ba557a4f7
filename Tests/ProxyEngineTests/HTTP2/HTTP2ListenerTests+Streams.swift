// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// What comes on one stream stays there.
extension HTTP2ListenerTests {
    /// RFC 9112, 7.1: a chunk of size 0 is the end, and what came behind it another request.
    @Test(arguments: [[], [("content-length", "0")]], [0, 1, 2])
    func `trailers without content are those of one request`(_ fields: [(String, String)], empty: Int) async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            for stream in [1, 3] as [UInt32] {
                try await client.send(
                    [.headers(TestFrame.request("POST", "/api/", fields), stream: stream, endStream: false)]
                        + [TestFrame](repeating: .data([], stream: stream, endStream: false), count: empty)
                        + [.headers([("x-check", "6")], stream: stream)]
                )
                #expect(try await client.response(on: stream).text == "hello")
            }
            #expect(upstream.record.value.accepted == 1)
            #expect(upstream.requests.map(\.bodyText) == ["", ""])
            #expect(upstream.requests.map(\.trailers) == [["x-check": "6"], ["x-check": "6"]])
        }
    }

    @Test func `trailers that HTTP/1 would not take are left out`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            try await client.send(
                .headers(TestFrame.request("POST", "/api/"), endStream: false),
                .data([1], endStream: false),
                .headers([("x-a", " a"), ("x-b", "\u{1}"), ("x-c", "c")])
            )
            #expect(try await client.response().text == "hello")
            #expect(upstream.requests.first?.trailers == ["x-c": "c"])
        }
    }

    private static let extendedConnect: [(String, String)] = [
        (":method", "CONNECT"), (":protocol", "websocket"), (":scheme", "http"), (":path", "/api/"),
        (":authority", "proxy.test"),
    ]

    /// RFC 9113, 5.1, 5.4.2, 6.9 and 6.9.1; RFC 8441 was not offered.
    @Test(
        arguments: [
            [.headers(Self.extendedConnect, stream: 3, endStream: false)],
            [.get("/api/", stream: 3), .windowUpdate(0, stream: 3)],
            [.get("/api/", stream: 3), .windowUpdate(0x7FFF_FFFF, stream: 3)],
            [.get("/api/", stream: 3), .data([1], stream: 3)],
        ] as [[TestFrame]]
    )
    func `what is wrong with one stream ends that stream only`(_ frames: [TestFrame]) async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        try await self.withClient(upstream) { client, _ in
            try await client.send([.get("/api/")] + frames)
            #expect(try await client.frame { $0.kind == .reset || $0.kind == .goAway }.stream == 3)
            gate.open()
            #expect(try await client.frame { $0.kind == .headers }.stream == 1)
            #expect(try await client.frame { $0.kind == .data }.payload == Array("hello".utf8))
        }
    }

    /// Whoever was told to go may still be wrong about one stream, or about the connection.
    @Test(arguments: [(TestFrame.windowUpdate(0, stream: 5), true), (.windowUpdate(0), false)])
    func `which of the two it is shows after a farewell too`(_ frame: TestFrame, goesOn: Bool) async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        try await self.withClient(upstream) { client, _ in
            try await client.send(.get("/api/"), .get("/api/", stream: 3), .get("/api/", stream: 5))
            try await client.send(.data([1], stream: 3))
            #expect(try await client.frame { $0.kind == .goAway }.errorCode == 5)
            try await client.send(frame)
            if goesOn {
                #expect(try await client.frame { $0.kind == .reset && $0.stream != 3 }.stream == 5)
                gate.open()
                #expect(try await client.frame { $0.kind == .headers }.stream == 1)
            } else {
                _ = try await client.client.end()
                gate.open()
            }
        }
    }
}
