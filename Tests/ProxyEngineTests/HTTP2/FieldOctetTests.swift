// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Field values are octets (RFC 9110, 5.5). Where they cannot pass as they are, nothing passes in their place.
@Suite(.serialized) struct FieldOctetTests {
    /// A field `x` of one octet that is no UTF-8.
    private static let field: [UInt8] = [0x10, 1, 0x78, 1, 0xE9]

    private static let head = ByteBuffer(
        bytes: Array("HTTP/1.1 200 OK\r\nX: ".utf8) + [0xE9] + Array("\r\nContent-Length: 5\r\n\r\nhello".utf8)
    )

    @Test func `a request over HTTP/2 with other octets than UTF-8 is refused`() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            #expect(try await client.exchange("GET", "/api/", [("x", "\u{E9}")]).status == 200)
            let block = TestFrame.block(TestFrame.request("GET", "/api/")) + Self.field
            try await client.send(TestFrame(.headers, flags: 5, stream: 3, block))
            let response = try await client.response(on: 3)
            #expect(response.status == 400)
            #expect(response.text.contains("UTF-8"))
            #expect(upstream.requests.map { $0.fields["x"] } == ["\u{E9}"])
        }
    }

    @Test func `trailers over HTTP/2 with other octets than UTF-8 are left out`() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            try await client.send(
                .headers(TestFrame.request("POST", "/api/"), endStream: false),
                .data([1], endStream: false),
                TestFrame(.headers, flags: 5, stream: 1, Self.field + TestFrame.block([("y", "z")]))
            )
            #expect(try await client.response().status == 200)
            let request = try #require(upstream.requests.first)
            #expect(request.trailers["y"] == "z" && !request.trailers.contains("x"))
        }
    }

    @Test func `an answer with other octets than UTF-8 is not altered on its way to HTTP/2`() async throws {
        let upstream = try await FaultyUpstream { _ in Reply([.send(Self.head)]) }
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            let response = try await client.exchange("GET", "/api/")
            #expect(response.status == 502)
            #expect(response.text.contains("UTF-8"))
            #expect(try proxy.upstream().circuit.status.failCount == 0)
            let other = try await proxy.client()
            try await other.send("GET", "/api/")
            let octets = try await other.wire.receive("an answer") { buffer in
                buffer.readableBytesView.suffix(5).elementsEqual("hello".utf8)
                    ? buffer.readBytes(length: buffer.readableBytes) : nil
            }
            #expect(octets.contains(0xE9) && !octets.contains(0xEF))
        }
    }

    @Test func `an interim answer with other octets than UTF-8 is left out`() async throws {
        let early = ByteBuffer(bytes: Array("HTTP/1.1 103 Early\r\nLink: ".utf8) + [0xE9] + Array("\r\n\r\n".utf8))
        let upstream = try await FaultyUpstream { _ in
            Reply([.send(early), .send(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))])
        }
        try await withProxy(to: upstream) { (proxy) async throws in
            let response = try await HTTP2Client(to: proxy.port).exchange("GET", "/api/")
            #expect(response.status == 200)
            #expect(response.interim.isEmpty)
        }
    }

    private func withUpstream(
        answer: @escaping FrameUpstream.Answer,
        test: (TestProxy, FrameUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FrameUpstream(answer)
        try await withProxy {
            let url = UpstreamURL(isTLS: true, host: "localhost", port: upstream.port, basePath: "")
            var api = UpstreamConfiguration(name: "api", url: url)
            api.tls.caFile = TestCertificate.authorityFile
            api.timeouts.firstByte = .milliseconds(500)
            $0.upstreams = [api]
        } _: { proxy in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    @Test func `a request with other octets than UTF-8 does not go on by HTTP/2`() async throws {
        try await self.withUpstream {
            FrameUpstream.respond(to: $0)
        } test: { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("GET", "/api/", ["X": "\u{E9}"]).status == 200)
            let client = try await proxy.client()
            try await client.send(
                bytes: Array("GET /api/ HTTP/1.1\r\nHost: a\r\nX: ".utf8) + [0xE9] + Array("\r\n\r\n".utf8)
            )
            // This one takes nothing else.
            #expect(try await client.response().status >= 502)
            #expect(upstream.record.value.requests.map { $0.fields["x"] } == ["\u{E9}"])
            #expect(upstream.record.value.accepted == 2)
        }
    }

    @Test func `an answer over HTTP/2 with other octets than UTF-8 is refused`() async throws {
        try await self.withUpstream { request in
            let block = TestFrame.block([(":status", "200")]) + Self.field
            return [TestFrame(.headers, flags: 5, stream: request.stream, block)]
        } test: { (proxy, _) async throws in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 502)
            #expect(response.text.contains("UTF-8"))
        }
    }
}
