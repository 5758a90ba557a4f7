// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import ProxyEngine

/// What the codec gets to see of a client's settings, and what becomes of the long heads that it writes then.
@Suite struct RaisedFrameLimitTests {
    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    private static let raised: [UInt8] = [0, 5, 0, 16, 0, 0]

    private func passed(_ frames: [TestFrame], by size: Int) -> [UInt8] {
        let bytes = Self.preface + frames.flatMap(\.bytes)
        var (limit, passed) = (RaisedFrameLimit(preface: Self.preface.count), [UInt8]())
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            passed += Array(limit.receive(piece).readableBytesView)
        }
        return passed
    }

    @Test(arguments: [1, 2, 8, 9, 10, 33, 1000, 100_000])
    func `all settings say it, after all else that they say`(size: Int) {
        let between = [TestFrame.get("/"), .data([UInt8](repeating: 7, count: 5000)), .settings(), .windowUpdate(1)]
        let settings = TestFrame.settings([5: 16_384, 3: 9])
        let come = [settings] + between + [TestFrame(.settings, flags: TestFrame.ack), .settings()]
        let passed = [
            TestFrame(.settings, settings.payload + Self.raised), between[0], between[1],
            TestFrame(.settings, Self.raised), between[3], TestFrame(.settings, flags: TestFrame.ack),
            TestFrame(.settings, Self.raised),
        ]
        #expect(self.passed(come, by: size) == Self.preface + passed.flatMap(\.bytes))
    }

    @Test(arguments: [1, 100_000])
    func `what is wrong with them stays wrong`(size: Int) {
        let frames = [TestFrame(.settings, [0, 5, 0]), TestFrame(.settings, [UInt8](repeating: 0, count: 16_386))]
        #expect(self.passed(frames, by: size) == Self.preface + frames.flatMap(\.bytes))
    }

    @Test func `the longest that there may be stay as they are, and those that have room for one more do not`() {
        for (count, extra) in [(16_374, Self.raised), (16_380, [])] {
            let settings = [UInt8](repeating: 0, count: count)
            let expected = TestFrame(.settings, settings + extra).bytes
            #expect(self.passed([TestFrame(.settings, settings)], by: 1000) == Self.preface + expected)
        }
    }

    @Test(arguments: [0, 1, 16_384, 16_385, 32_768, 32_769, 100_000])
    func `a head is cut where a frame ends that every peer takes`(_ count: Int) throws {
        let block = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
        let head = TestFrame(.headers, flags: TestFrame.endHeaders | TestFrame.endStream, stream: 7, block)
        var frames = ByteBuffer(bytes: head.bytes).inShortFrames ?? ByteBuffer(bytes: head.bytes)
        var (joined, taken) = ([UInt8](), [TestFrame]())
        while let frame = try TestFrame.take(&frames) {
            taken.append(frame)
            joined += frame.payload
        }
        #expect(joined == block && frames.readableBytes == 0)
        #expect(taken.count == max(1, (count + 16_383) / 16_384))
        #expect(taken.first?.kind == .headers && taken.first?.has(TestFrame.endStream) == true)
        #expect(taken.dropFirst().allSatisfy { $0.kind == .continuation && !$0.has(TestFrame.endStream) })
        #expect(taken.allSatisfy { $0.stream == 7 && $0.payload.count <= 16_384 })
        #expect(taken.last?.has(TestFrame.endHeaders) == true)
        #expect(taken.dropLast().allSatisfy { !$0.has(TestFrame.endHeaders) })
    }
}
