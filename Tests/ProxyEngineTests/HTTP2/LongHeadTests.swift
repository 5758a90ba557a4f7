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
            (nil, String(repeating: "a", count: 24_000)), (nil, Self.tildes(9700)),
            (.tooLong, Self.tildes(10_300)), (.tooLong, String(repeating: "a", count: 26_000)),
            (nil, String(repeating: "\u{E9}", count: 1500)), (.tooLong, String(repeating: "\u{E9}", count: 5000)),
        ] as [(HTTP2Obstacle?, String)]
    )
    func `what counts is the length that the fields take`(obstacle: HTTP2Obstacle?, value: String) {
        #expect((["X": value] as HeaderFields).obstacleToHTTP2() == obstacle)
        #expect(HeaderFields().obstacleToHTTP2(target: "/" + value) == obstacle)
    }

    @Test func `an answer with too long a head is refused, and the connection goes on`() async throws {
        let upstream = try await FaultyUpstream { request in
            .respond(200, request.target == "/long" ? ["X": Self.tildes(12_000)] : ["X": Self.tildes(9000)])
        }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            let refused = try await client.exchange("GET", "/api/long")
            #expect(refused.status == 502)
            #expect(refused.text.contains("too long for one frame: ask by HTTP"))
            let passed = try await client.exchange("GET", "/api/", stream: 3)
            #expect(passed.status == 200 && passed.fields["x"]?.utf8.count == 9000)
            #expect(try await proxy.exchange("GET", "/api/long").status == 200)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func `trailers and interim answers that are too long are left out`() async throws {
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
                #expect(response.interim.isEmpty && response.trailers.isEmpty)
            }
        }
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
