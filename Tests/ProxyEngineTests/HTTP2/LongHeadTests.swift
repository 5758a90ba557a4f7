// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// A head that does not go into one frame must not end a connection on which others have asked for something.
@Suite(.serialized) struct LongHeadTests {
    /// Coded, these take 13 bits each.
    private static func tildes(_ count: Int) -> String { String(repeating: "~", count: count) }

    @Test(
        arguments: [
            (true, String(repeating: "a", count: 24_000)), (true, Self.tildes(9700)),
            (false, Self.tildes(10_300)), (false, String(repeating: "a", count: 26_000)),
            (true, String(repeating: "\u{E9}", count: 1500)), (false, String(repeating: "\u{E9}", count: 5000)),
        ]
    )
    func `what counts is the length that the fields take`(fits: Bool, value: String) {
        #expect((["X": value] as HeaderFields).fitOneFrame() == fits)
        #expect(HeaderFields().fitOneFrame(with: "/" + value) == fits)
    }

    @Test(arguments: [9000, 10_083, 12_000, 21_000, 30_000])
    func `an answer with a long head comes in frames that every client takes`(_ count: Int) async throws {
        let upstream = try await FaultyUpstream { _ in .respond(200, ["X": Self.tildes(count)], body: "hello") }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            for stream: UInt32 in [1, 3] {
                let response = try await client.exchange("GET", "/api/", stream: stream)
                #expect(response.status == 200 && response.text == "hello")
                #expect(response.fields["x"] == Self.tildes(count))
            }
            let response = try await client.exchange("HEAD", "/api/", stream: 5)
            #expect(response.fields["x"]?.utf8.count == count && response.errorCode == nil)
            #expect(client.longest <= 16 << 10)
        }
    }

    @Test func `it does so whatever the client's settings say, and whenever they come`() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(200, ["X": Self.tildes(12_000)], body: "hello") }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port, settings: .settings([5: 20_000]))
            #expect(try await client.exchange("GET", "/api/").status == 200)
            try await client.send(.settings([5: 16 << 10]))
            #expect(try await client.exchange("GET", "/api/", stream: 3).status == 200)
            #expect(client.longest <= 16 << 10)
        }
    }

    @Test func `trailers and interim answers that are long come too`() async throws {
        let field = "X: \(Self.tildes(11_000))\r\n"
        let trailer = "X: \(String(repeating: "\u{E9}", count: 3900))\r\n"
        let upstream = try await FaultyUpstream { _ in
            Reply([
                .send(ByteBuffer(string: "HTTP/1.1 103 Early Hints\r\n\(field)\r\n")),
                .send(ByteBuffer(string: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")),
                .send(ByteBuffer(string: "0\r\n\(trailer)\r\n")),
            ])
        }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            for stream: UInt32 in [1, 3] {
                let response = try await client.exchange("GET", "/api/", stream: stream)
                #expect(response.status == 200 && response.text == "hello" && response.errorCode == nil)
                #expect(response.interim == [103] && response.trailers["x"]?.utf8.count == 7800)
            }
        }
    }

    @Test func `trailers of a request that are too long are left out, and disturb nobody`() async throws {
        let upstream = try await FrameUpstream { FrameUpstream.respond(to: $0) }
        try await withProxy {
            let url = UpstreamURL(isTLS: true, host: "localhost", port: upstream.port, basePath: "")
            var api = UpstreamConfiguration(name: "api", url: url)
            api.tls.caFile = TestCertificate.authorityFile
            $0.upstreams = [api]
            $0.threads = 1
        } _: { (proxy) async throws in
            let client = try await proxy.client()
            for count in [10, 3900] {
                let trailer = "X: \(String(repeating: "\u{E9}", count: count))\r\n"
                try await client.send("POST", "/api/", ["Transfer-Encoding": "chunked"])
                try await client.send("5\r\nhello\r\n0\r\n\(trailer)\r\n")
                #expect(try await client.response().status == 200)
            }
            let requests = upstream.record.value.requests
            #expect(requests.map { $0.trailers.contains("x") } == [true, false])
            #expect(requests.allSatisfy { $0.body == Array("hello".utf8) } && upstream.record.value.accepted == 1)
        }
        await upstream.stop()
    }

    @Test func `a request with too long a head goes on by HTTP/1.1, and disturbs nobody`() async throws {
        let gate = Gate()
        let upstream = try await FrameUpstream { request in
            if request.fields[":path"] == "/slow" { try? await gate.pass() }
            return FrameUpstream.respond(to: request)
        }
        try await withProxy {
            let url = UpstreamURL(isTLS: true, host: "localhost", port: upstream.port, basePath: "")
            var api = UpstreamConfiguration(name: "api", url: url)
            api.tls.caFile = TestCertificate.authorityFile
            $0.upstreams = [api]
            $0.threads = 1
        } _: { proxy in
            let other = try await proxy.client()
            try await other.send("GET", "/api/slow")
            try await upstream.record.wait(for: "a request") { $0.requests.isEmpty ? nil : true }
            // This one speaks nothing else.
            #expect(try await proxy.exchange("GET", "/api/", ["X": Self.tildes(12_000)]).status >= 502)
            gate.open()
            #expect(try await other.response().status == 200)
            #expect(upstream.record.value.requests.count == 1)
            #expect(upstream.record.value.accepted == 2)
        }
        await upstream.stop()
    }
}
