// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// Peers that break the protocol of frames, or use it to wear us out.
@Suite(.serialized) struct HTTP2FloodTests {
    private enum Code {
        static let none: UInt32 = 0
        static let protocolError: UInt32 = 1
        static let flowControl: UInt32 = 3
        static let streamClosed: UInt32 = 5
        static let frameSize: UInt32 = 6
        static let refused: UInt32 = 7
        static let compression: UInt32 = 9
        static let enhanceYourCalm: UInt32 = 11
    }

    private func withClient(_ test: (HTTP2Client, FaultyUpstream) async throws -> Void) async throws {
        let upstream = try await FaultyUpstream { $0.target == "/slow" ? .stall : .respond(body: "hello") }
        try await withProxy(to: upstream) { proxy in
            try await test(try await HTTP2Client(to: proxy.port), upstream)
            // Whatever one client does, the next is served.
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(try await HTTP2Client(to: proxy.port).exchange("GET", "/api/").status == 200)
        }
    }

    /// RFC 9113, section by section: what ends the connection, and with which codes it may.
    private static let violations: [(String, [TestFrame], Set<UInt32>)] = [
        ("4.2 a frame that is too large", [TestFrame(.ping, [UInt8](repeating: 0, count: 16385))], [Code.frameSize]),
        (
            "4.3 fields that cannot be decoded", [TestFrame(.headers, flags: 5, stream: 1, [0xFF, 0xFF])],
            [Code.compression]
        ),
        (
            "4.3 another frame within a head",
            [.headers([], endHeaders: false), TestFrame(.ping, [0, 0, 0, 0, 0, 0, 0, 0])], [Code.protocolError]
        ),
        ("5.1 content on a stream that is idle", [.data([1], stream: 1)], [Code.protocolError]),
        ("5.1 a reset of a stream that is idle", [.reset(stream: 1)], [Code.protocolError]),
        ("5.1 a window of a stream that is idle", [.windowUpdate(1, stream: 1)], [Code.protocolError]),
        ("5.1.1 an even stream", [.get("/", stream: 2)], [Code.protocolError]),
        (
            "5.1.1 a stream before the last", [.get("/api/slow", stream: 5), .get("/", stream: 3)],
            [Code.protocolError, Code.streamClosed]
        ),
        ("6.1 content on stream 0", [.data([1], stream: 0)], [Code.protocolError]),
        (
            "6.1 more padding than frame",
            [
                .headers(TestFrame.request("POST", "/api/slow"), endStream: false),
                TestFrame(.data, flags: 8, stream: 1, [9, 1]),
            ], [Code.protocolError]
        ),
        ("6.2 a head on stream 0", [.get("/", stream: 0)], [Code.protocolError]),
        ("6.4 a reset of stream 0", [.reset(stream: 0)], [Code.protocolError]),
        (
            "6.4 a reset of another size", [.get("/api/slow"), TestFrame(.reset, stream: 1, [0, 0, 0])],
            [Code.frameSize]
        ),
        ("6.5 settings of a stream", [TestFrame(.settings, stream: 1)], [Code.protocolError]),
        ("6.5 settings of another size", [TestFrame(.settings, [0, 1, 0])], [Code.frameSize]),
        (
            "6.5 an acknowledgement that says more", [TestFrame(.settings, flags: 1, [0, 1, 0, 0, 0, 0])],
            [Code.frameSize]
        ),
        ("6.5.2 a push that is neither yes nor no", [.settings([2: 2])], [Code.protocolError]),
        ("6.5.2 a window that is too large", [.settings([4: 0x8000_0000])], [Code.flowControl]),
        ("6.5.2 frames that are too small", [.settings([5: 16383])], [Code.protocolError]),
        ("6.6 a push of a client", [TestFrame(.pushPromise, flags: 4, stream: 1, [0, 0, 0, 2])], [Code.protocolError]),
        ("6.7 a ping of another size", [TestFrame(.ping, [0])], [Code.frameSize]),
        ("6.7 a ping of a stream", [TestFrame(.ping, stream: 1, [0, 0, 0, 0, 0, 0, 0, 0])], [Code.protocolError]),
        (
            "6.8 a farewell of a stream", [TestFrame(.goAway, stream: 1, [0, 0, 0, 0, 0, 0, 0, 0])],
            [Code.protocolError]
        ),
        ("6.9 a window that grows by nothing", [.windowUpdate(0)], [Code.protocolError]),
        ("6.9 a window of another size", [TestFrame(.windowUpdate, [0, 0, 1])], [Code.frameSize]),
        ("6.9.1 a window beyond its largest", [.windowUpdate(0x7FFF_FFFF)], [Code.flowControl]),
        ("6.10 a continuation of nothing", [TestFrame(.continuation, flags: 4, stream: 1, [])], [Code.protocolError]),
    ]

    @Test func `what breaks the protocol ends the connection with its code`() async throws {
        for (what, frames, codes) in Self.violations {
            try await self.withClient { (client, _) async throws in
                try await client.send(frames)
                // It may be gone before it could be asked.
                let code = try await client.failure()
                #expect(code.map(codes.contains) ?? false, "\(what): \(code.map(String.init) ?? "closed")")
                _ = try await client.client.end()
            }
        }
    }

    @Test func `a stream that begins when the connection ends gets no further`() async throws {
        try await self.withClient { client, upstream in
            try await client.send(.get("/api/slow"), .windowUpdate(0), .get("/api/", stream: 3))
            _ = try await client.client.end()
            #expect(upstream.requests.allSatisfy { $0.target == "/slow" })
        }
    }

    @Test func `a preface that is neither HTTP/2 nor HTTP/1 has no answer`() async throws {
        try await withProxy {
            $0.upstreams = []
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("INVALID CONNECTION PREFACE\r\n\r\n")
            await #expect(throws: WireEnded.self) { try await client.head() }
            let other = try await proxy.client()
            try await other.send("GET /a HTTPS/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.response().status == 400)
            let cut = try await proxy.client()
            try await cut.send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")
            _ = try await cut.end()
        }
    }

    @Test func `a preface that does not come first is no preface`() async throws {
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            for before in ["GET /api/ HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n"] {
                for isApart in [true, false] {
                    let client = try await proxy.client()
                    try await client.send(isApart ? before : before + preface)
                    if before != "\r\n" {
                        let response = try await client.response()
                        #expect(response.status == 200)
                    }
                    if isApart { try await client.send(preface) }
                    let refusal = try await client.response()
                    #expect(refusal.status == 505)
                    #expect(try await client.end() == .finished)
                }
            }
            #expect(upstream.requests.count == 2)
        }
    }

    @Test func `a frame that nobody knows is no matter`() async throws {
        try await self.withClient { (client, _) async throws in
            try await client.send(TestFrame(type: 0xFA, flags: 0xFF, stream: 77, [1, 2, 3]))
            #expect(try await client.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func `streams beyond the limit are refused`() async throws {
        try await self.withClient { (client, upstream) async throws in
            try await client.send((0..<101).map { .get("/api/slow", stream: UInt32(2 * $0 + 1)) })
            let code = try await client.failure()
            #expect([Code.refused, Code.protocolError].contains(code))
            #expect(upstream.requests.count <= 100)
        }
    }

    @Test func `streams that are opened to be reset end the connection`() async throws {
        try await self.withClient { (client, _) async throws in
            for number in 0..<400 {
                let stream = UInt32(2 * number + 1)
                do { try await client.send(.get("/api/slow", stream: stream), .reset(stream: stream)) } catch { break }
            }
            #expect(try await client.failure() == Code.enhanceYourCalm)
        }
    }

    @Test func `streams that are opened to be broken end the connection`() async throws {
        try await self.withClient { (client, _) async throws in
            for number in 0..<400 {
                do { try await client.send(.get("", stream: UInt32(2 * number + 1))) } catch { break }
            }
            let last = try? await client.frame { $0.kind == .goAway }
            #expect(last == nil || last?.errorCode == Code.enhanceYourCalm)
            _ = try await client.client.end()
        }
    }

    @Test(arguments: [
        TestFrame(.ping, [1, 2, 3, 4, 5, 6, 7, 8]), TestFrame.settings([3: 100]),
        TestFrame(.priority, stream: 1, [0, 0, 0, 0, 1]),
    ])
    func `a flood of what has to be answered ends the connection`(_ frame: TestFrame) async throws {
        try await self.withClient { (client, _) async throws in
            for _ in 0..<40 {
                do { try await client.send([TestFrame](repeating: frame, count: 50)) } catch { break }
            }
            let last = try? await client.frame { $0.kind == .goAway }
            #expect(last == nil || last?.errorCode == Code.enhanceYourCalm)
            _ = try await client.client.end()
        }
    }

    @Test(arguments: [
        TestFrame.windowUpdate(1), TestFrame.windowUpdate(1, stream: 1), TestFrame(type: 0xFA, [1, 2, 3]),
        TestFrame(type: 0x10, [0, 0, 0, 1]), TestFrame(.goAway, [0, 0, 0, 0, 0, 0, 0, 0]),
    ])
    func `a flood of what carries nothing ends the connection`(_ frame: TestFrame) async throws {
        try await self.withClient { (client, _) async throws in
            try await client.send(.get("/api/slow"))
            for _ in 0..<40 {
                do { try await client.send([TestFrame](repeating: frame, count: 50)) } catch { break }
            }
            let last = try? await client.frame { $0.kind == .goAway }
            #expect(last == nil || last?.errorCode == Code.enhanceYourCalm)
            _ = try await client.client.end()
        }
    }

    @Test func `whoever takes much may say so as often as he likes`() async throws {
        let upstream = try await FaultyUpstream { _ in .large(8 << 20) }
        try await withProxy(to: upstream) { proxy in
            let client = try await HTTP2Client(to: proxy.port)
            client.opensWindows = false
            try await client.send(.get("/api/"))
            var (count, updates) = (0, 0)
            while count < 8 << 20 {
                let frame = try await client.frame { [.data, .goAway, .reset].contains($0.kind) }
                #expect(frame.kind == .data)
                guard frame.kind == .data else { return }
                count += frame.payload.count
                // As a reader does that takes a kilobyte at a time.
                for start in stride(from: 0, to: frame.payload.count, by: 1024) {
                    let step = UInt32(min(1024, frame.payload.count - start))
                    try await client.send(.windowUpdate(step), .windowUpdate(step, stream: 1))
                    updates += 2
                }
            }
            #expect(updates > 16000)
        }
        await upstream.stop()
    }

    @Test func `frames are found in whatever pieces they come`() {
        let frames: [TestFrame] = [
            .settings([3: 100]), .get("/"), .data([UInt8](repeating: 9, count: 300)), .windowUpdate(1), .data([]),
            TestFrame(type: 0xFA, [1, 2, 3]),
        ]
        let bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frames.flatMap(\.bytes)
        for size in [1, 2, 3, 4, 8, 9, 10, 25, bytes.count] {
            var (scanner, found) = (FrameScanner(preface: 24), [FrameHead]())
            for start in stride(from: 0, to: bytes.count, by: size) {
                scanner.scan(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])) { found.append($0) }
            }
            #expect(found == frames.compactMap { ByteBuffer(bytes: $0.bytes).frameHead(at: 0) }, "by \(size)")
        }
    }

    @Test func `content of nothing ends the connection`() async throws {
        try await self.withClient { (client, _) async throws in
            try await client.send(.headers(TestFrame.request("POST", "/api/slow"), endStream: false))
            try await client.send([TestFrame](repeating: .data([], endStream: false), count: 100))
            #expect(try await client.failure() == Code.enhanceYourCalm)
        }
    }

    @Test func `a head without end ends the connection`() async throws {
        try await self.withClient { (client, _) async throws in
            try await client.send(.headers(TestFrame.request("GET", "/api/"), endHeaders: false))
            for _ in 0..<100 {
                do { try await client.send(TestFrame(.continuation, stream: 1, [])) } catch { break }
            }
            #expect(try await client.failure().map { [Code.enhanceYourCalm, Code.protocolError].contains($0) } ?? true)
            _ = try await client.client.end()
        }
    }

    @Test func `a table that is larger than was agreed ends the connection`() async throws {
        try await self.withClient { (client, _) async throws in
            // RFC 7541, 6.3: a size of 8192.
            try await client.send(TestFrame(.headers, flags: 5, stream: 1, [0x3F, 0xE1, 0x3F]))
            #expect(try await client.failure() == Code.compression)
        }
    }

    @Test func `a small frame that means a large head ends the connection`() async throws {
        try await self.withClient { (client, _) async throws in
            // One entry of 4000 octets in the table, named again and again.
            let value = [UInt8](repeating: 0x61, count: 3900)
            let literal: [UInt8] = [0x40, 1, 0x78, 0x7F, 0xBD, 0x1D] + value
            let block =
                TestFrame.block(TestFrame.request("GET", "/api/")) + literal + [UInt8](repeating: 0xBE, count: 4000)
            try await client.send(TestFrame(.headers, flags: 5, stream: 1, block))
            let code = try await client.failure()
            #expect(code.map { [Code.enhanceYourCalm, Code.protocolError, Code.compression].contains($0) } ?? true)
        }
    }
}
