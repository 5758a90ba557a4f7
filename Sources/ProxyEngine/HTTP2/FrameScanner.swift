// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a frame of HTTP/2 begins with, but for its stream (RFC 9113, 4.1).
struct FrameHead: Equatable {
    var type: UInt8
    var flags: UInt8
    /// Octets of its payload.
    var length: Int

    /// Octets of a frame before its payload.
    static let size = 9

    /// Octets of a payload that every peer takes (RFC 9113, 4.2).
    static let maxLength = 16 << 10

    static let data: UInt8 = 0x0
    static let headers: UInt8 = 0x1
    static let priority: UInt8 = 0x2
    static let reset: UInt8 = 0x3
    static let settings: UInt8 = 0x4
    static let ping: UInt8 = 0x6
    static let goAway: UInt8 = 0x7
    static let continuation: UInt8 = 0x9

    private static let acknowledgement: UInt8 = 0x1
    static let endHeaders: UInt8 = 0x4

    /// - Parameter bits: Length, type and flags, as they stand in the frame.
    init(_ bits: UInt64) {
        self.length = Int(truncatingIfNeeded: bits >> 16 & 0xFF_FFFF)
        self.type = UInt8(truncatingIfNeeded: bits >> 8)
        self.flags = UInt8(truncatingIfNeeded: bits)
    }

    var acknowledgesSettings: Bool { self.type == Self.settings && self.flags & Self.acknowledgement != 0 }
}

/// Finds the frames in the octets of one direction, in whatever pieces they come.
struct FrameScanner {
    /// Octets to pass over before the next frame.
    private var rest: Int
    /// The beginning of a frame's head, as far as it has come.
    private var begun: UInt64 = 0
    private var count = 0

    private static let needed = 5

    /// - Parameter preface: Octets before the first frame.
    init(preface: Int) { self.rest = preface }

    mutating func scan<Failure>(_ bytes: ByteBuffer, _ found: (FrameHead) throws(Failure) -> Void) throws(Failure) {
        var position = bytes.readerIndex
        let end = bytes.writerIndex
        while position < end {
            if self.rest > 0 {
                let step = min(self.rest, end - position)
                self.rest -= step
                position += step
            } else {
                self.begun = self.begun << 8 | UInt64(bytes.getInteger(at: position, as: UInt8.self) ?? 0)
                self.count += 1
                position += 1
                guard self.count == Self.needed else { continue }
                let frame = FrameHead(self.begun)
                (self.begun, self.rest, self.count) = (0, FrameHead.size - Self.needed + frame.length, 0)
                try found(frame)
            }
        }
    }
}

extension ByteBuffer {
    /// The frame that begins some octets behind the reader's; nil if not all of its head is there.
    func frameHead(at offset: Int) -> FrameHead? {
        guard self.readableBytes >= offset + FrameHead.size,
            let bits = self.getInteger(at: self.readerIndex + offset, as: UInt64.self)
        else { return nil }
        return FrameHead(bits >> 24)
    }
}
