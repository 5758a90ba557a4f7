// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Has the codec believe that a client takes frames of any length: it writes a head in one frame, and ends the connection
/// where that is too long.
///
/// That is put into the client's own settings (RFC 9113, 6.5.2), behind what they say of it. A head that is written then
/// is cut into frames of a length that every peer takes.
struct RaisedFrameLimit {
    /// Octets of a frame that has begun, or of the preface, which are still to come.
    private var rest: Int
    /// The beginning of a frame of which more has to come first.
    private var held = ByteBuffer()

    /// More than any head takes.
    private static let limit: UInt32 = 1 << 20
    /// What the codec knows as its parameter.
    private static let parameter: UInt16 = 0x5
    /// Octets of a parameter with its value.
    fileprivate static let setting = 6

    /// - Parameter preface: Octets before the first frame.
    init(preface: Int) { self.rest = preface }

    /// - Returns: What has come and the codec may have now.
    mutating func receive(_ bytes: ByteBuffer) -> ByteBuffer {
        var (passed, bytes) = (ByteBuffer(), self.joined(bytes))
        var next = self.rest
        while next < bytes.readableBytes {
            guard let frame = bytes.frameHead(at: next) else { return self.hold(bytes, from: next, after: passed) }
            let end = next + FrameHead.size + frame.length
            if frame.isSettings {
                guard end <= bytes.readableBytes else { return self.hold(bytes, from: next, after: passed) }
                if var settings = bytes.readSlice(length: end) {
                    settings.setInteger(
                        UInt16(truncatingIfNeeded: frame.length + Self.setting),
                        at: settings.readerIndex + next + 1
                    )
                    settings.writeInteger(Self.parameter)
                    settings.writeInteger(Self.limit)
                    passed.writeBuffer(&settings)
                }
                next = 0
            } else {
                next = end
            }
        }
        self.rest = next - bytes.readableBytes
        guard passed.readableBytes > 0 else { return bytes }
        passed.writeBuffer(&bytes)
        return passed
    }

    private mutating func joined(_ bytes: ByteBuffer) -> ByteBuffer {
        guard self.held.readableBytes > 0 else { return bytes }
        defer { self.held = ByteBuffer() }
        self.held.writeImmutableBuffer(bytes)
        return self.held
    }

    private mutating func hold(_ bytes: ByteBuffer, from next: Int, after passed: ByteBuffer) -> ByteBuffer {
        var (bytes, passed) = (bytes, passed)
        var before = bytes.readSlice(length: next) ?? ByteBuffer()
        self.held = bytes
        self.rest = 0
        // Most of what comes has no settings, and is not copied.
        guard passed.readableBytes > 0 else { return before }
        passed.writeBuffer(&before)
        return passed
    }
}

extension FrameHead {
    /// Whether these are settings that the codec takes with one more: others are left to it as they are, to be refused
    /// where they are wrong (RFC 9113, 6.5).
    fileprivate var isSettings: Bool {
        self.type == Self.settings && !self.acknowledgesSettings && self.length % RaisedFrameLimit.setting == 0
            && self.length <= Self.maxLength - RaisedFrameLimit.setting
    }
}

extension ByteBuffer {
    /// What the codec has written, where it is a head that is too long for one frame: the rest of it in frames behind the
    /// first (RFC 9113, 6.10). Nil where it can go as it is.
    ///
    /// The codec gives out a head at once, and content in pieces that are never as long.
    var inShortFrames: ByteBuffer? {
        guard self.readableBytes > FrameHead.size + FrameHead.maxLength, let head = self.frameHead(at: 0),
            head.type == FrameHead.headers,
            let stream = self.getInteger(at: self.readerIndex + FrameHead.size - 4, as: UInt32.self)
        else { return nil }
        var (rest, frames) = (self, ByteBuffer())
        rest.moveReaderIndex(forwardBy: FrameHead.size)
        var (type, flags) = (FrameHead.headers, head.flags & ~FrameHead.endHeaders)
        while var piece = rest.readSlice(length: Swift.min(rest.readableBytes, FrameHead.maxLength)) {
            if rest.readableBytes == 0 { flags |= FrameHead.endHeaders }
            frames.writeInteger(UInt32(piece.readableBytes) << 8 | UInt32(type))
            frames.writeInteger(flags)
            frames.writeInteger(stream)
            frames.writeBuffer(&piece)
            if rest.readableBytes == 0 { break }
            (type, flags) = (FrameHead.continuation, 0)
        }
        return frames
    }
}
