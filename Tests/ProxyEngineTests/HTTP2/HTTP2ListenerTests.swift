// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Requests that come by HTTP/2.
@Suite(.serialized) struct HTTP2ListenerTests {
    func withClient(
        _ upstream: FaultyUpstream,
        settings: TestFrame = .settings(),
        _ test: (HTTP2Client, TestProxy) async throws -> Void
    ) async throws {
        try await withProxy(to: upstream) { proxy in
            try await test(try await HTTP2Client(to: proxy.port, settings: settings), proxy)
        }
    }

    private static func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) } }

    // MARK: Messages

    @Test func `a request is the request that HTTP/1.1 would have made of it`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            let response = try await client.exchange(
                "GET",
                "/api/x?y=z",
                [("accept", "a/b"), ("cookie", "a=1"), ("te", "trailers"), ("cookie", "b=2")]
            )
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response.errorCode == nil)
            #expect(response.fields["content-length"] == "5")
            #expect(response.fields.contains("date"))
            #expect(!response.fields.contains("connection"))
            let request = try #require(upstream.requests.first)
            #expect(request.target == "/x?y=z")
            #expect(request.fields["x-forwarded-host"] == "proxy.test")
            #expect(request.fields["accept"] == "a/b")
            #expect(request.fields["via"]?.hasPrefix("2.0 ") == true)
            #expect(request.fields.values(of: "cookie") == ["a=1; b=2"])
            #expect(!request.fields.contains("te"))
        }
    }

    @Test func `HTTP/1.1 is spoken on the same port, and over TLS the client chooses`() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            try await proxy.reload { $0.listen[0].tls = try TestCertificate.localhost.serverTLS() }
            for protocols in [["h2", "http/1.1"], ["h2"]] {
                let tls = TestClientTLS { $0.protocols = protocols }
                let client = try await HTTP2Client(TestClient(to: proxy.port, tls: tls))
                #expect(try await client.exchange("GET", "/api/").text == "hello")
            }
            for protocols in [["http/1.1"], [], ["spdy/3"]] {
                let client = try await TestClient(to: proxy.port, tls: TestClientTLS { $0.protocols = protocols })
                #expect(try await client.exchange("GET", "/api/").text == "hello")
            }
            #expect(upstream.requests.last?.fields["x-forwarded-proto"] == "https")
        }
    }

    @Test func `large content goes both ways`() async throws {
        let content = Self.bytes(1_000_003)
        let upstream = try await FaultyUpstream { .respond(body: $0.bodyText) }
        try await self.withClient(upstream) { client, _ in
            try await client.send(.headers(TestFrame.request("POST", "/api/"), endStream: false))
            var rest = content[...]
            var (connection, stream) = (65535, 65535)
            while !rest.isEmpty {
                let count = min(rest.count, 16384, connection, stream)
                if count > 0 {
                    try await client.send(
                        .data(Array(rest.prefix(count).map { $0 & 0x7F }), endStream: count == rest.count)
                    )
                    rest = rest.dropFirst(count)
                    connection -= count
                    stream -= count
                } else {
                    let update = try await client.frame { $0.kind == .windowUpdate }
                    let increment = Int(update.payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
                    if update.stream == 0 { connection += increment } else { stream += increment }
                }
            }
            let response = try await client.response()
            #expect(response.status == 200)
            #expect(response.body == content.map { $0 & 0x7F })
        }
    }

    @Test(arguments: [("HEAD", 200), ("GET", 204), ("GET", 304)])
    func `an answer without content has none`(_ method: String, _ status: Int) async throws {
        let upstream = try await FaultyUpstream { _ in
            .headOnly(status, status == 200 ? ["ETag": "\"a\"", "Content-Length": "5"] : ["ETag": "\"a\""])
        }
        try await self.withClient(upstream) { client, _ in
            let response = try await client.exchange(method, "/api/")
            #expect(response.status == status)
            #expect(response.body.isEmpty)
            #expect(response.errorCode == nil)
            #expect(response.fields["etag"] == "\"a\"")
        }
    }

    @Test func `trailers go both ways`() async throws {
        let upstream = try await FaultyUpstream { request in
            .respond(body: "hello", as: .chunked, trailers: ["X-Sum": request.trailers["x-check"] ?? "none"])
        }
        try await self.withClient(upstream) { client, _ in
            try await client.send(
                .headers(TestFrame.request("POST", "/api/"), endStream: false),
                .data([1, 2, 3], endStream: false),
                .headers([("x-check", "6"), ("content-length", "9")])
            )
            let response = try await client.response()
            #expect(response.text == "hello")
            #expect(response.trailers["x-sum"] == "6")
            #expect(!response.trailers.contains("content-length"))
        }
    }

    @Test func `content that is held back is asked for`() async throws {
        let upstream = try await FaultyUpstream { .respond(body: $0.bodyText) }
        try await self.withClient(upstream) { client, _ in
            let fields = [("expect", "100-continue"), ("content-length", "2")]
            try await client.send(.headers(TestFrame.request("POST", "/api/", fields), endStream: false))
            _ = try await client.frame { $0.kind == .headers }
            try await client.send(.data(Array("ok".utf8)))
            #expect(try await client.response().text == "ok")
        }
    }

    @Test func `a slow answer does not hold another one up`() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { request in
            request.target == "/slow" ? .respond(body: "slow").after(gate) : .respond(body: "fast")
        }
        try await self.withClient(upstream) { client, _ in
            try await client.send(.get("/api/slow"), .get("/api/fast", stream: 3))
            #expect(try await client.response(on: 3).text == "fast")
            gate.open()
            #expect(try await client.response(on: 1).text == "slow")
        }
    }

    // MARK: Ends

    @Test func `a stream that the client resets takes its request back`() async throws {
        let upstream = try await FaultyUpstream { _ in .stall }
        try await self.withClient(upstream) { client, proxy in
            try await client.send(.get("/api/"))
            try await upstream.requests(atLeast: 1)
            try await client.send(.reset())
            _ = try await upstream.end(ofConnection: 0)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
            #expect(try await client.exchange("OPTIONS", "*", stream: 3).status == 204)
        }
    }

    @Test func `an answer that is cut off is no whole answer`() async throws {
        let upstream = try await FaultyUpstream { _ in
            .respond(body: "hellohello").stopping(afterBody: 5, then: .finish)
        }
        try await self.withClient(upstream) { client, _ in
            let response = try await client.exchange("GET", "/api/")
            #expect(response.status == 200)
            #expect(response.errorCode == 2)
            #expect(try await client.exchange("OPTIONS", "*", stream: 3).status == 204)
        }
    }

    @Test func `an early answer ends the request too`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            try await client.send(.headers(TestFrame.request("POST", "/nowhere"), endStream: false))
            #expect(try await client.response().status == 404)
            #expect(try await client.frame { $0.kind == .reset }.errorCode == 0)
        }
    }

    @Test func `a drain lets the client finish what it has begun`() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        let spare = try await FaultyUpstream()
        await spare.stop()
        try await self.withClient(upstream) { client, proxy in
            try await client.send(.get("/api/"))
            try await upstream.requests(atLeast: 1)
            try await proxy.reload { $0.listen[0].address = ListenAddress(host: "127.0.0.1", port: spare.port) }
            let first = try await client.frame { $0.kind == .goAway }
            #expect(first.payload == TestFrame.octets(0x7FFF_FFFF) + TestFrame.octets(0))
            let second = try await client.frame { $0.kind == .goAway }
            #expect(second.payload == TestFrame.octets(1) + TestFrame.octets(0))
            gate.open()
            #expect(try await client.response().text == "hello")
            #expect(try await client.client.end() == .finished)
        }
    }

    @Test func `a connection that nobody uses is closed`() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            try await proxy.reload { $0.downstream.keepAlive = .milliseconds(100) }
            let client = try await HTTP2Client(to: proxy.port)
            #expect(try await client.exchange("GET", "/api/").status == 200)
            #expect(try await client.frame { $0.kind == .goAway }.errorCode == 0)
            #expect(try await client.client.end() == .finished)
        }
    }

    @Test func `a connection that is gone with its streams waits for nothing more`() async throws {
        let upstream = try await FaultyUpstream { request in
            request.target == "/slow" ? .stall : .respond(body: "hello").after(.milliseconds(300))
        }
        try await withProxy(to: upstream) { proxy in
            try await proxy.reload { $0.downstream.keepAlive = .milliseconds(50) }
            for _ in 0..<10 {
                let client = try await HTTP2Client(to: proxy.port)
                try await client.send(.get("/api/slow"), .get("/api/slow", stream: 3))
                await client.client.abort()
            }
            // By then whatever waited has been called.
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
        }
    }

    @Test func `a client that takes nothing is waited for, but not for ever`() async throws {
        let size = 16 << 20
        let upstream = try await FaultyUpstream { _ in .large(size) }
        try await withProxy(to: upstream) { proxy in
            try await proxy.reload { $0.downstream.idle = .milliseconds(300) }
            let client = try await HTTP2Client(to: proxy.port)
            client.opensWindows = false
            let response = try await client.exchange("GET", "/api/")
            #expect(response.status == 200)
            #expect(response.body.count == 65535)
            #expect(response.errorCode == 8)
            #expect(upstream.record.value.sent < size)
        }
    }

    @Test func `a client that takes a little all the time is slow, and no more`() async throws {
        let upstream = try await FaultyUpstream { _ in .large(185_000) }
        try await withProxy(to: upstream) { proxy in
            try await proxy.reload {
                $0.downstream.idle = .milliseconds(1500)
                $0.downstream.minRate = 1024
            }
            let client = try await HTTP2Client(to: proxy.port)
            client.opensWindows = false
            try await client.send(.get("/api/"))
            var taken = 0
            while taken < 185_000 {
                let frame = try? await client.frame(upTo: .milliseconds(100)) { $0.kind == .data || $0.kind == .reset }
                if let frame { try #require(frame.kind == .data, "after \(taken) octets") }
                taken += frame?.payload.count ?? 0
                if frame == nil { try await client.send(.windowUpdate(4096), .windowUpdate(4096, stream: 1)) }
            }
        }
    }

    // MARK: What is no request

    private static let malformed: [(String, [(String, String)])] = [
        ("no method", [(":scheme", "http"), (":path", "/"), (":authority", "a")]),
        ("no scheme", [(":method", "GET"), (":path", "/"), (":authority", "a")]),
        ("no path", [(":method", "GET"), (":scheme", "http"), (":authority", "a")]),
        ("an empty path", TestFrame.request("GET", "")),
        ("a path that is none", TestFrame.request("GET", "api")),
        ("a star that is not for OPTIONS", TestFrame.request("GET", "*")),
        ("a fragment", TestFrame.request("GET", "/#a")),
        ("a space in the path", TestFrame.request("GET", "/a b")),
        ("a line end in the path", TestFrame.request("GET", "/a\r\nx: y")),
        ("a space in the method", TestFrame.request("GE T", "/")),
        ("a pseudo-field after a field", [("a", "b")] + TestFrame.request("GET", "/")),
        ("a pseudo-field twice", TestFrame.request("GET", "/") + [(":path", "/")]),
        ("a pseudo-field that nobody knows", [(":what", "ever")] + TestFrame.request("GET", "/")),
        ("a pseudo-field of responses", [(":status", "200")] + TestFrame.request("GET", "/")),
        ("a name in capitals", TestFrame.request("GET", "/", [("Accept", "a/b")])),
        ("a name with a space", TestFrame.request("GET", "/", [("a b", "c")])),
        ("a name with a colon", TestFrame.request("GET", "/", [("a:b", "c")])),
        ("connection", TestFrame.request("GET", "/", [("connection", "close")])),
        ("keep-alive", TestFrame.request("GET", "/", [("keep-alive", "1")])),
        ("proxy-connection", TestFrame.request("GET", "/", [("proxy-connection", "close")])),
        ("transfer-encoding", TestFrame.request("GET", "/", [("transfer-encoding", "chunked")])),
        ("upgrade", TestFrame.request("GET", "/", [("upgrade", "h2c")])),
        ("te that is not trailers", TestFrame.request("GET", "/", [("te", "gzip")])),
        ("a line end in a value", TestFrame.request("GET", "/", [("a", "b\r\nc: d")])),
        ("a zero octet in a value", TestFrame.request("GET", "/", [("a", "b\0c")])),
        ("a control character in a value", TestFrame.request("GET", "/", [("a", "b\u{1}c")])),
        ("a space before a value", TestFrame.request("GET", "/", [("a", " b")])),
        ("another host than the authority", TestFrame.request("GET", "/", [("host", "other.test")])),
        ("two hosts", TestFrame.request("GET", "/", [("host", "proxy.test"), ("host", "proxy.test")])),
        ("a user in the authority", TestFrame.request("GET", "/", authority: "me@proxy.test")),
        ("two lengths", TestFrame.request("GET", "/", [("content-length", "0"), ("content-length", "1")])),
        ("a length that is no number", TestFrame.request("GET", "/", [("content-length", "x")])),
        ("a length with a sign", TestFrame.request("GET", "/", [("content-length", "+0")])),
        ("a length without digits", TestFrame.request("GET", "/", [("content-length", "")])),
        ("a list of lengths", TestFrame.request("GET", "/", [("content-length", "0, 0")])),
        ("a length below zero", TestFrame.request("GET", "/", [("content-length", "-1")])),
        ("less content than the length says", TestFrame.request("GET", "/", [("content-length", "1")])),
    ]

    @Test func `a field that others may take for one of framing ends here`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            let fields = [("content_length", "5"), ("transfer_encoding", "chunked"), ("a_b", "c")]
            #expect(try await client.exchange("GET", "/api/", fields).status == 200)
            let request = try #require(upstream.requests.first)
            #expect(request.fields["a_b"] == "c")
            #expect(!request.fields.contains("content_length") && !request.fields.contains("transfer_encoding"))
        }
    }

    @Test func `a malformed request is reset, and the connection goes on`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, proxy in
            for (number, (what, fields)) in Self.malformed.enumerated() {
                let stream = UInt32(2 * number + 1)
                try await client.send(.headers(fields, stream: stream))
                let frame = try await client.frame { $0.kind == .reset || $0.kind == .goAway || $0.kind == .headers }
                #expect(frame.kind == .reset && frame.stream == stream && frame.errorCode == 1, "\(what): \(frame)")
            }
            #expect(upstream.requests.isEmpty)
            // Those that came to where requests are read are told of as others are.
            let told = proxy.engine.metrics.requests.samples.filter { $0.statusClass == "4xx" }
            #expect(told.reduce(0) { $0 + $1.count } >= 5)
            #expect(try await client.exchange("GET", "/api/", stream: 1001).status == 200)
        }
    }

    @Test func `more or less content than was said is reset`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            for (stream, count) in [(UInt32(1), 3), (3, 5)] {
                let fields = TestFrame.request("POST", "/api/", [("content-length", "4")])
                try await client.send(.headers(fields, stream: stream, endStream: false))
                try await client.send(.data([UInt8](repeating: 1, count: count), stream: stream))
                #expect(try await client.response(on: stream).errorCode == 1)
            }
        }
    }

    @Test func `what is understood and too much is answered`() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withClient(upstream) { client, _ in
            let long = String(repeating: "x", count: 9000)
            let many = (0..<101).map { ("x-\($0)", "") }
            let large = (0..<5).map { ("x-\($0)", long) }
            #expect(try await client.exchange("GET", "/" + long, stream: 1).status == 414)
            #expect(try await client.exchange("GET", "/api/", many, stream: 3).status == 431)
            try await client.send(Self.inPieces(TestFrame.request("GET", "/api/", large), stream: 5))
            #expect(try await client.response(on: 5).status == 431)
            let noHost = [(":method", "GET"), (":scheme", "http"), (":path", "/api/")]
            try await client.send(.headers(noHost, stream: 7))
            #expect(try await client.response(on: 7).status == 400)
            #expect(upstream.requests.isEmpty)
        }
    }

    /// A head that is longer than a frame (RFC 9113, 6.10).
    private static func inPieces(_ fields: [(String, String)], stream: UInt32) -> [TestFrame] {
        var rest = TestFrame.block(fields)[...]
        var frames: [TestFrame] = []
        while !rest.isEmpty {
            let piece = Array(rest.prefix(16384))
            rest = rest.dropFirst(piece.count)
            let flags = (frames.isEmpty ? TestFrame.endStream : 0) | (rest.isEmpty ? TestFrame.endHeaders : 0)
            frames.append(TestFrame(frames.isEmpty ? .headers : .continuation, flags: flags, stream: stream, piece))
        }
        return frames
    }
}
