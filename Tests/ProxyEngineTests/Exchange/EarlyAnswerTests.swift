// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// An answer that is there before the request has been read reaches the client whole, whatever it still sends.
@Suite(.serialized) struct EarlyAnswerTests {
    private static let content = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)

    private func upload(_ proxy: TestProxy, isChunked: Bool, closing: Bool) async throws {
        let client = try await proxy.client()
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(Self.content.readableBytes)"
        let connection = closing ? "Connection: close\r\n" : ""
        try await client.send("POST /api/ HTTP/1.1\r\nHost: x\r\n\(connection)\(framing)\r\n\r\n")
        if isChunked { try await client.send("100000\r\n") }
        // Fails if the connection was reset.
        try await client.wire.send(Self.content)
        if isChunked { try await client.send("\r\n0\r\n\r\n") }
        let response = try await client.response()
        #expect(response.status == 413 && response.text == "too much" && response.isComplete)
        // Where little was left to read, it was read.
        if closing || response.fields["connection"] == "close" { #expect(try await client.end() == .finished) }
        await client.close()
    }

    @Test(arguments: [false, true], [false, true]) func ofAnUpstreamThatCloses(
        _ isChunked: Bool,
        _ closing: Bool
    ) async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in
            .respond(413, ["Connection": "close"], body: "too much").then(.finish)
        }
        try await withProxy(to: upstream) { proxy in
            for _ in 0..<50 { try await self.upload(proxy, isChunked: isChunked, closing: closing) }
        }
    }

    @Test(arguments: [false, true], [false, true]) func ofAnUpstreamThatReadsOn(
        _ isChunked: Bool,
        _ closing: Bool
    ) async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in
            .respond(413, body: "too much").then(.receiveBody)
        }
        try await withProxy(to: upstream) { proxy in
            for _ in 0..<20 { try await self.upload(proxy, isChunked: isChunked, closing: closing) }
        }
    }

    @Test func ofTheProxyItself() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.maxBody = 1000
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("POST", "/api/", ["Content-Length": "\(16 << 20)"])
            for _ in 0..<16 { try await client.wire.send(Self.content) }
            #expect(try await client.response().status == 413)
            #expect(try await client.end() == .finished)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func aSlowReaderGetsTheEndOfAnAnswerBeforeTheConnectionIsClosed() async throws {
        let upstream = try await FaultyUpstream { _ in .large(4 << 20) }
        try await withProxy(to: upstream) { proxy in
            for version in ["1.0", "1.1"] {
                let client = try await proxy.client(receiveBuffer: 4096)
                try await client.send("GET /api/ HTTP/\(version)\r\nHost: x\r\nConnection: close\r\n\r\n")
                let response = try await client.response()
                #expect(response.body.readableBytes == 4 << 20 && response.isComplete)
                #expect(try await client.end() == .finished)
            }
        }
    }
}
