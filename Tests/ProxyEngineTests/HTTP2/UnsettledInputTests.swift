// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// What the codec gets to see before a client has acknowledged the settings.
@Suite struct UnsettledInputTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let acknowledgement = TestFrame(.settings, flags: TestFrame.ack)
    private static let long = TestFrame.get("/", [("x", String(repeating: "~", count: 5000))], stream: 3)
    private static let short = TestFrame.get("/")
    private static let update = TestFrame.windowUpdate(1)

    private static func bytes(_ frames: [TestFrame]) -> [UInt8] { self.preface + frames.flatMap(\.bytes) }

    /// What it lets go of all that comes, in pieces of a size.
    private func passed(_ bytes: [UInt8], by size: Int) -> (bytes: [UInt8], isSettled: Bool) {
        var (input, passed) = (UnsettledInput(preface: Self.preface.count), [UInt8]())
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            passed += input.isSettled ? Array(piece.readableBytesView) : Array(input.receive(piece).readableBytesView)
        }
        return (passed, input.isSettled)
    }

    private func expect(_ come: [TestFrame], by size: Int, toPass passed: [TestFrame], isSettled: Bool) {
        let result = self.passed(Self.bytes(come), by: size)
        let isAsExpected = result.bytes == Self.bytes(passed)
        #expect(isAsExpected, "by \(size): \(result.bytes.count) octets of \(Self.bytes(passed).count)")
        #expect(result.isSettled == isSettled)
    }

    @Test(arguments: [1, 2, 8, 9, 10, 33, 1000, 100_000])
    func `a long head waits for the acknowledgement, and all behind it`(size: Int) {
        let continued = TestFrame.headers(TestFrame.request("GET", "/"), stream: 3, endHeaders: false)
        let rest = TestFrame(.continuation, flags: TestFrame.endHeaders, stream: 3)
        for waiting in [[Self.long], [continued, rest]] {
            let come = [.settings(), Self.short] + waiting + [Self.update, Self.acknowledgement, Self.update]
            let passed = [.settings(), Self.short, Self.acknowledgement] + waiting + [Self.update, Self.update]
            self.expect(come, by: size, toPass: passed, isSettled: true)
            let before = Array(come.prefix { $0 != Self.acknowledgement })
            self.expect(before, by: size, toPass: [.settings(), Self.short], isSettled: false)
        }
    }

    @Test(arguments: [1, 9, 10, 100_000])
    func `what is short passes as it comes`(size: Int) {
        let frames = [.settings(), Self.short, .data([1, 2, 3], stream: 5), Self.update]
        self.expect(frames, by: size, toPass: frames, isSettled: false)
        let more = frames + [Self.acknowledgement, Self.long]
        self.expect(more, by: size, toPass: more, isSettled: true)
    }

    @Test func `the beginning of a frame that cannot be long does not wait for its end`() {
        let frames = Self.bytes([.settings(), .data([UInt8](repeating: 7, count: 1000), stream: 5)])
        let (bytes, _) = self.passed(Array(frames.dropLast(300)), by: 100)
        #expect(bytes == Array(frames.dropLast(300)))
    }

    @Test func `no more waits than a client may send before it has heard of us`() {
        let content = TestFrame.data([UInt8](repeating: 7, count: 16_000), stream: 3, endStream: false)
        let frames = [.settings(), Self.long] + [TestFrame](repeating: content, count: 8)
        self.expect(frames, by: 4000, toPass: frames, isSettled: true)
    }

    @Test func `a client that never acknowledges the settings is let go`() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            try await proxy.reload { $0.downstream.keepAlive = .milliseconds(100) }
            let client = try await TestClient(to: proxy.port)
            let long = TestFrame.get("/api/", [("x", String(repeating: "~", count: 5000))])
            try await client.send(bytes: Self.bytes([.settings(), long]))
            let connection = HTTP2Client(begun: client)
            connection.acknowledgesSettings = false
            #expect(try await connection.frame { $0.kind == .goAway }.errorCode == 0)
            _ = try await client.end()
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func `a client that does not wait for the settings may send a long head`() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            let client = try await TestClient(to: proxy.port)
            let fields = [("x", String(repeating: "~", count: 9000)), ("y", String(repeating: "~", count: 9000))]
            let block = TestFrame.block(TestFrame.request("GET", "/api/", fields))
            let first = TestFrame(.headers, flags: TestFrame.endStream, stream: 1, Array(block.prefix(16_000)))
            let rest = Array(block.dropFirst(16_000))
            let second = TestFrame(.continuation, flags: TestFrame.endHeaders, stream: 1, rest)
            try await client.send(bytes: Self.bytes([.settings(), first, second]))
            let response = try await HTTP2Client(begun: client).response()
            #expect(response.status == 200)
            #expect(upstream.requests.first?.fields["y"]?.utf8.count == 9000)
        }
    }
}
