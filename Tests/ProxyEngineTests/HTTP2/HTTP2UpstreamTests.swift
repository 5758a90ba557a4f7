// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Requests that go on by HTTP/2.
@Suite(.serialized) struct HTTP2UpstreamTests {
    private func withUpstream(
        settings: TestFrame = .settings(),
        http2: UpstreamConfiguration.HTTP2 = .auto,
        firstByte: Duration = .seconds(30),
        idle: Duration = .seconds(60),
        answer: @escaping FrameUpstream.Answer,
        test: (TestProxy, FrameUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FrameUpstream(settings: settings, answer)
        try await withProxy {
            let url = UpstreamURL(isTLS: true, host: "localhost", port: upstream.port, basePath: "")
            var api = UpstreamConfiguration(name: "api", url: url)
            api.tls.caFile = TestCertificate.authorityFile
            api.http2 = http2
            api.timeouts.firstByte = firstByte
            api.connections.idle = idle
            $0.upstreams = [api]
        } _: { proxy in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    @Test func `a request takes the form of HTTP/2, and one connection carries many`() async throws {
        try await self.withUpstream {
            FrameUpstream.respond(to: $0)
        } test: { (proxy, upstream) async throws in
            let response = try await proxy.exchange("GET", "/api/x?y", ["Accept": "a/b", "Cookie": "a=1"])
            #expect(response.status == 200)
            #expect(response.text == "hello")
            #expect(response.fields["via"]?.hasPrefix("2.0 ") == true)
            let fields = try #require(upstream.record.value.requests.first?.fields)
            #expect(fields[":method"] == "GET")
            #expect(fields[":scheme"] == "https")
            #expect(fields[":path"] == "/x?y")
            #expect(fields[":authority"] == "localhost:\(upstream.port)")
            #expect(fields["accept"] == "a/b")
            #expect(!fields.contains("host"))
            #expect(fields["via"]?.hasPrefix("1.1 ") == true)
            #expect(!fields.contains("connection"))
            let body = String(repeating: "0123456789", count: 30_000)
            #expect(try await proxy.exchange("POST", "/api/", body: body).text == "hello")
            let last = try #require(upstream.record.value.requests.last)
            #expect(last.body == Array(body.utf8))
            #expect(last.fields["content-length"] == "300000")
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                for try await status in group { #expect(status == 200) }
            }
            #expect(upstream.record.value.accepted == 1)
        }
    }

    @Test func `content that an upstream lets wait is sent to its end`() async throws {
        try await self.withUpstream(settings: .settings([4: 0])) {
            FrameUpstream.respond(to: $0, body: String($0.body.count))
        } test: { (proxy, upstream) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            try await client.send(.headers(TestFrame.request("POST", "/api/"), endStream: false))
            let sent = try await Self.fill(client)
            try await client.send(.data([]))
            try await Self.roundTrip(client)
            try await upstream.send([.windowUpdate(1 << 20, stream: 1)], onConnection: 0)
            #expect(try await client.response().text == String(sent))
        }
    }

    /// Sends content until the proxy takes no more. Returns how many octets it took.
    private static func fill(_ client: HTTP2Client) async throws -> Int {
        var (sent, connection, stream, quiet) = (0, 65535, 65535, 0)
        while quiet < 10 {
            let count = min(16384, connection, stream)
            if count > 0 { try await client.send(.data([UInt8](repeating: 1, count: count), endStream: false)) }
            (sent, connection, stream, quiet) = (sent + count, connection - count, stream - count, quiet + 1)
            for update in try await Self.roundTrip(client) {
                let increment = Int(update.payload.reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
                if update.stream == 0 { connection += increment } else { (stream, quiet) = (stream + increment, 0) }
            }
        }
        return sent
    }

    /// Waits until the proxy has seen what it was sent. Returns what it gave of its windows meanwhile.
    @discardableResult
    private static func roundTrip(_ client: HTTP2Client) async throws -> [TestFrame] {
        try await client.send(TestFrame(.ping, [UInt8](repeating: 0, count: 8)))
        var updates: [TestFrame] = []
        while true {
            let frame = try await client.frame { frame in
                frame.kind == .windowUpdate || frame.kind == .ping && frame.has(TestFrame.ack)
            }
            if frame.kind == .ping { return updates }
            updates.append(frame)
        }
    }

    @Test func `an upstream that floods is left`() async throws {
        try await self.withUpstream {
            [TestFrame](repeating: .windowUpdate(1), count: 2000) + FrameUpstream.respond(to: $0)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            try await upstream.ended(connection: 0)
        }
    }

    @Test func `where it is off, HTTP/1.1 is spoken`() async throws {
        let upstream = try await FaultyUpstream(tls: .localhost)
        try await withProxy(to: upstream) {
            $0.tls.caFile = TestCertificate.authorityFile
            $0.http2 = .off
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
        }
        try await self.withUpstream(http2: .off) {
            FrameUpstream.respond(to: $0)
        } test: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
        }
    }

    @Test func `chunks and trailers go through`() async throws {
        try await self.withUpstream { request in
            [
                .headers([(":status", "103"), ("link", "</a>")], stream: request.stream, endStream: false),
                .headers([(":status", "200")], stream: request.stream, endStream: false),
                .data(request.body, stream: request.stream, endStream: false),
                .headers([("x-sum", request.trailers["x-check"] ?? "none")], stream: request.stream),
            ]
        } test: { (proxy, _) async throws in
            let client = try await proxy.client()
            try await client.send("POST", "/api/", ["Transfer-Encoding": "chunked"])
            try await client.send("5\r\nhello\r\n0\r\nX-Check: 9\r\n\r\n")
            let response = try await client.response()
            #expect(response.interim.map(\.status) == [103])
            #expect(response.text == "hello")
            #expect(response.trailers["x-sum"] == "9")
        }
    }

    @Test func `a stream that was refused is sent again, whatever it is`() async throws {
        let count = Watched(0)
        try await self.withUpstream { request in
            count.update { $0 += 1 }
            return count.value == 1 ? [.reset(7, stream: request.stream)] : FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("POST", "/api/", body: "photo").text == "hello")
            #expect(upstream.record.value.requests.map(\.body) == [Array("photo".utf8), Array("photo".utf8)])
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func `a connection that takes no more exchanges is not kept`() async throws {
        try await self.withUpstream { request in
            (request.connection == 0 ? [.settings([3: 0])] : []) + FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            try await upstream.ended(connection: 0)
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            #expect(upstream.record.value.accepted == 2)
        }
    }

    @Test func `what a farewell leaves out is sent again elsewhere`() async throws {
        try await self.withUpstream { request in
            request.connection == 0
                ? [TestFrame(.goAway, [0, 0, 0, 0, 0, 0, 0, 0])] : FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("POST", "/api/", body: "photo").text == "hello")
            #expect(upstream.record.value.accepted == 2)
        }
    }

    @Test func `a farewell lets go on what it names`() async throws {
        let gate = Gate()
        try await self.withUpstream { request in
            if request.stream == 1, request.connection == 0 { try? await gate.pass() }
            return FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            async let slow = proxy.exchange("GET", "/api/slow")
            _ = try await upstream.record.wait(for: "a request") { $0.requests.isEmpty ? nil : true }
            try await upstream.send([TestFrame(.goAway, [0, 0, 0, 1, 0, 0, 0, 0])], onConnection: 0)
            while try await proxy.exchange("GET", "/api/").status == 200, upstream.record.value.accepted == 1 {}
            #expect(upstream.record.value.accepted == 2)
            gate.open()
            #expect(try await slow.text == "hello")
        }
    }

    /// What is paid for is asked for twice only where the connection was dead.
    @Test func `a stream that alone was reset is not sent again`() async throws {
        try await self.withUpstream { request in
            request.stream == 1 ? FrameUpstream.respond(to: request) : [.reset(2, stream: request.stream)]
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            #expect(upstream.record.value.requests.count == 2)
        }
    }

    @Test(arguments: [
        [TestFrame](repeating: .windowUpdate(1), count: 2000), [.windowUpdate(0)], [.data([1], stream: 9)],
    ])
    func `nor is one whose connection ended for what was said on it`(_ frames: [TestFrame]) async throws {
        try await self.withUpstream { request in
            request.stream == 1 ? FrameUpstream.respond(to: request) : frames
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            #expect(upstream.record.value.requests.count == 2)
        }
    }

    @Test(arguments: [("GET", 200, 3), ("POST", 502, 2)])
    func `one whose connection was dead is, if it may be`(_ method: String, _ status: Int, _ asked: Int) async throws {
        try await self.withUpstream { request in
            request.connection == 0 && request.stream > 1 ? [] : FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            async let second = proxy.exchange(method, "/api/").status
            _ = try await upstream.record.wait(for: "it to come") { $0.requests.count == 2 ? true : nil }
            await upstream.cut(connection: 0)
            #expect(try await second == status)
            #expect(upstream.record.value.requests.count == asked)
        }
    }

    @Test func `an answer that ends before it has begun is told at once`() async throws {
        try await self.withUpstream {
            [.headers([(":status", "103")], stream: $0.stream)]
        } test: { (proxy, _) async throws in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 502 && response.text.contains("protocol"))
        }
    }

    @Test(arguments: ["abc", "5, 5", "+5", ""])
    func `a length that is no number is an error where there is no content too`(_ length: String) async throws {
        try await self.withUpstream {
            [.headers([(":status", "200"), ("content-length", length)], stream: $0.stream)]
        } test: { (proxy, _) async throws in
            #expect(try await proxy.exchange("HEAD", "/api/").status == 502)
        }
    }

    @Test func `a POST that may have been done is not sent again`() async throws {
        try await self.withUpstream { request in
            [.reset(2, stream: request.stream)]
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("POST", "/api/", body: "photo").status == 502)
            #expect(upstream.record.value.requests.count == 1)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
        }
    }

    @Test func `an answer that is reset in the middle is cut off`() async throws {
        try await self.withUpstream { request in
            [
                .headers([(":status", "200"), ("content-length", "10")], stream: request.stream, endStream: false),
                .data(Array("hello".utf8), stream: request.stream, endStream: false),
                .reset(2, stream: request.stream),
            ]
        } test: { (proxy, _) async throws in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.cut != nil || response.status == 502)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
        }
    }

    @Test func `a client that goes away takes its stream back, and the others go on`() async throws {
        try await self.withUpstream { request in
            request.fields[":path"] == "/slow" ? [] : FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/slow")
            _ = try await upstream.record.wait(for: "a request") { $0.requests.isEmpty ? nil : true }
            await client.abort()
            #expect(try await upstream.record.wait(for: "a reset") { $0.resets.first } == 8)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(upstream.record.value.accepted == 1)
        }
    }

    @Test func `no more is asked at once than the upstream takes`() async throws {
        let gate = Gate()
        try await self.withUpstream(settings: .settings([3: 2])) { request in
            if request.fields[":path"] != "/" { try? await gate.pass() }
            return FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 { group.addTask { try await proxy.exchange("GET", "/api/slow").status } }
                _ = try await upstream.record.wait(for: "requests") { $0.requests.count == 5 ? true : nil }
                gate.open()
                for try await status in group { #expect(status == 200) }
            }
            let most = Dictionary(grouping: upstream.record.value.requests.dropFirst(), by: \.connection).values.map(
                \.count
            )
            #expect(most.max() == 2)
        }
    }

    @Test(arguments: [
        [("x", "y")], [(":status", "1000")], [(":status", "101")], [(":status", "200"), ("a", "b\u{1}c")],
        [(":status", "200"), ("connection", "close")], [(":status", "200"), ("A", "b")],
    ])
    func `what is no answer is an error of the upstream`(_ fields: [(String, String)]) async throws {
        try await self.withUpstream { request in
            [.headers(fields, stream: request.stream)]
        } test: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
        }
    }

    @Test func `a connection that has left somebody without an answer takes nobody else`() async throws {
        try await self.withUpstream(firstByte: .milliseconds(200)) { request in
            request.fields[":path"] == "/slow" ? [] : FrameUpstream.respond(to: request)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/slow").status == 504)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(upstream.record.value.accepted == 2)
        }
    }

    @Test func `an idle connection is closed after its time`() async throws {
        try await self.withUpstream(idle: .milliseconds(50)) {
            FrameUpstream.respond(to: $0)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            try await upstream.ended(connection: 0)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(upstream.record.value.accepted == 2)
        }
    }
}
