// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// How many frames that carry nothing of a message a peer may still send.
///
/// They cost it nothing and us a little, so what carries something has to pay for them: a peer that gets content may say
/// after each kilobyte that it has taken it, on its stream and on the connection, and is far from the limit.
struct FrameAllowance {
    /// The number of frames that are left.
    private(set) var left = 1000

    private static let forOneOfUse = 40

    mutating func received(_ frame: FrameScanner.Frame) throws(FrameFlood) {
        switch frame.type {
        case FrameScanner.headers: self.left += Self.forOneOfUse
        // The codec counts these: how many are empty, and how many come in half a minute.
        case FrameScanner.data, FrameScanner.priority, FrameScanner.reset, FrameScanner.settings, FrameScanner.ping,
            FrameScanner.continuation:
            break
        default:
            self.left -= 1
            guard self.left >= 0 else { throw FrameFlood() }
        }
    }

    mutating func sent(_ frame: FrameScanner.Frame) {
        if frame.type == FrameScanner.data { self.left += Self.forOneOfUse }
    }
}

/// A peer sends so much that means so little that it must mean harm.
struct FrameFlood: Error {}

/// Finds the frames in the octets of one direction (RFC 9113, 4.1), in whatever pieces they come.
struct FrameScanner {
    struct Frame: Equatable {
        var type: UInt8
        /// Octets of its payload.
        var length: Int
    }

    static let data: UInt8 = 0x0
    static let headers: UInt8 = 0x1
    static let priority: UInt8 = 0x2
    static let reset: UInt8 = 0x3
    static let settings: UInt8 = 0x4
    static let ping: UInt8 = 0x6
    static let continuation: UInt8 = 0x9
    private static let headSize = 9

    /// Octets to pass over before the next frame.
    private var rest: Int
    /// The beginning of a frame's head, as far as it has come: its length and its type.
    private var begun: UInt32 = 0
    private var count = 0

    /// - Parameter preface: Octets before the first frame.
    init(preface: Int) { self.rest = preface }

    mutating func scan<Failure>(_ bytes: ByteBuffer, _ found: (Frame) throws(Failure) -> Void) throws(Failure) {
        var position = bytes.readerIndex
        let end = bytes.writerIndex
        while position < end {
            if self.rest > 0 {
                let step = min(self.rest, end - position)
                self.rest -= step
                position += step
            } else {
                self.begun = self.begun << 8 | UInt32(bytes.getInteger(at: position, as: UInt8.self) ?? 0)
                self.count += 1
                position += 1
                guard self.count == 4 else { continue }
                let frame = Frame(type: UInt8(truncatingIfNeeded: self.begun), length: Int(self.begun >> 8))
                (self.begun, self.rest, self.count) = (0, Self.headSize - 4 + frame.length, 0)
                try found(frame)
            }
        }
    }
}

/// Stands before the codec, where each frame can be seen: ends a connection whose peer sends nothing but frames that
/// carry nothing.
final class FrameMeter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var allowance = FrameAllowance()
    private var received: FrameScanner
    private var sent: FrameScanner
    private var isOver = false

    init(mode: NIOHTTP2Handler.ParserMode) {
        // RFC 9113, 3.4: the client's connection preface.
        let preface = 24
        self.received = FrameScanner(preface: mode == .server ? preface : 0)
        self.sent = FrameScanner(preface: mode == .client ? preface : 0)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What comes behind a flood is of no use.
        guard !self.isOver else { return }
        do throws(FrameFlood) {
            try self.received.scan(self.unwrapInboundIn(data)) { frame throws(FrameFlood) in
                try self.allowance.received(frame)
            }
            context.fireChannelRead(data)
        } catch {
            self.isOver = true
            context.fireErrorCaught(error)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .byteBuffer(let bytes) = self.unwrapOutboundIn(data) {
            self.sent.scan(bytes) { self.allowance.sent($0) }
        }
        context.write(data, promise: promise)
    }
}
