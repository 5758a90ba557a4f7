// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct StreamingTests {
    /// What the kernel's buffers of two connections hold at most, and a little of our own.
    static let bound = 2 * (largestBuffer("tcp_rmem") + largestBuffer("tcp_wmem")) + (8 << 20)
    static let size = bound + (32 << 20)

    /// How far the kernel lets a buffer of a connection grow by itself.
    private static func largestBuffer(_ name: String) -> Int {
        let text = try? String(contentsOfFile: "/proc/sys/net/ipv4/\(name)", encoding: .utf8)
        return text?.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) } ?? 6 << 20
    }

    /// Waits until a count has stopped growing, which it does when every buffer is full: while it could grow, every
    /// loop has its turn a hundred times.
    static func settled(_ proxy: TestProxy, _ count: () -> Int) async throws -> Int {
        let bystander = try await proxy.client()
        var last = -1
        var same = 0
        try await eventually("the flow to stop") {
            _ = try await bystander.exchange("GET", "/nowhere")
            same = count() == last && last > 0 ? same + 1 : 0
            last = count()
            return same >= 100
        }
        await bystander.close()
        return last
    }

    @Test func aSlowReaderHoldsTheUpstreamBack() async throws {
        let upstream = try await FaultyUpstream { _ in .large(Self.size) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            try await client.send("GET", "/api/")
            let head = try await client.head()
            #expect(head.fields["content-length"] == "\(Self.size)")
            let taken = try await Self.settled(proxy) { upstream.record.value.sent }
            #expect(taken < Self.bound, "the upstream got rid of \(taken) octets")
            try await self.drain(client, Self.size)
            // It may count the last piece after the client has it.
            try await eventually("all to be counted") { upstream.record.value.sent > Self.size }
            #expect(try await client.exchange("GET", "/nowhere").status == 404)
        }
    }

    private func drain(_ client: TestClient, _ size: Int) async throws {
        var left = size
        while left > 0 {
            let most = left
            left -= try await client.wire.receive("content") { bytes -> Int? in
                let count = min(most, bytes.readableBytes)
                guard count > 0 else { return nil }
                bytes.moveReaderIndex(forwardBy: count)
                bytes.discardReadBytes()
                return count
            }
        }
    }

    @Test(arguments: [false, true]) func aSlowUpstreamHoldsTheClientBack(_ isChunked: Bool) async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in
            Reply([.pass(gate), .receiveBody]).then(
                .send(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
            )
        }
        try await withProxy(to: upstream) {
            $0.maxBody = 1 << 30
        } _: { proxy in
            let client = try await proxy.client()
            let sending = Task { try await self.upload(client, isChunked: isChunked) }
            let taken = try await Self.settled(proxy) { client.wire.inbox.value.sent }
            #expect(taken < Self.bound, "the client got rid of \(taken) octets")
            gate.open()
            #expect(try await client.response(upTo: .seconds(120)).status == 200)
            try await sending.value
            #expect(upstream.record.value.received > Self.size)
        }
    }

    private func upload(_ client: TestClient, isChunked: Bool) async throws {
        let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)
        let framing = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(Self.size)"
        try await client.send("POST /api/ HTTP/1.1\r\nHost: x\r\n\(framing)\r\n\r\n")
        for _ in 0..<Self.size / piece.readableBytes {
            if isChunked { try await client.send("100000\r\n") }
            try await client.wire.send(piece)
            if isChunked { try await client.send("\r\n") }
        }
        if isChunked { try await client.send("0\r\n\r\n") }
    }

    @Test func anAnswerBeforeTheEndOfTheRequestCounts() async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in .respond(403, body: "no").then(.stall) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let sending = Task {
                try? await client.send("POST", "/api/", body: String(repeating: "x", count: 16 << 20))
            }
            let response = try await client.response()
            #expect(response.status == 403 && response.text == "no" && response.isComplete)
            await client.close()
            _ = await sending.value
            // A connection on which half a request has been sent is good for nothing more.
            _ = try await upstream.end(ofConnection: 0)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func aPieceIsPassedOnWhenItComes() async throws {
        let gate = Gate()
        let first = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        let upstream = try await FaultyUpstream { _ in
            Reply([.send(first), .pass(gate), .send(ByteBuffer(string: "data: 2\n\n")), .finish])
        }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            _ = try await client.head()
            _ = try await client.wire.receive("the first event") { bytes in
                String(buffer: bytes).contains("data: 1\n\n") ? true : nil
            }
            gate.open()
            _ = try await client.wire.receive("the second event") { bytes in
                String(buffer: bytes).contains("data: 2\n\n") ? true : nil
            }
        }
    }
}
