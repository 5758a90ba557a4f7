// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// Stands between the socket and the codec, where each frame can be seen: ends a connection whose peer sends nothing but
/// frames that carry nothing, lets no long head come too early, and none go in one frame.
final class FrameFilter: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private var allowance = FrameAllowance()
    private var received: FrameScanner
    private var sent: FrameScanner
    /// Of a client. An upstream may be asked for something before its settings have come.
    private var limit: RaisedFrameLimit?
    /// Until the client has acknowledged our settings.
    private var unsettled: UnsettledInput?
    private var isOver = false
    /// How often the peer was told that the connection ends.
    private var farewells = 0

    init(mode: NIOHTTP2Handler.ParserMode) {
        // RFC 9113, 3.4: the client's connection preface.
        let preface = 24
        self.received = FrameScanner(preface: mode == .server ? preface : 0)
        self.sent = FrameScanner(preface: mode == .client ? preface : 0)
        self.limit = mode == .server ? RaisedFrameLimit(preface: preface) : nil
        // An upstream has heard of our settings before it has anything to answer.
        self.unsettled = mode == .server ? UnsettledInput(preface: preface) : nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // What comes behind a flood is of no use.
        guard !self.isOver else { return }
        let bytes = self.unwrapInboundIn(data)
        do throws(FrameFlood) {
            try self.received.scan(bytes) { frame throws(FrameFlood) in try self.allowance.received(frame) }
            self.pass(self.limit?.receive(bytes) ?? bytes, context)
        } catch {
            self.isOver = true
            context.fireErrorCaught(error)
        }
    }

    private func pass(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let ready = self.unsettled?.receive(bytes) ?? bytes
        if self.unsettled?.isSettled == true { self.unsettled = nil }
        if ready.readableBytes > 0 { context.fireChannelRead(self.wrapInboundOut(ready)) }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .byteBuffer(let bytes) = self.unwrapOutboundIn(data) else {
            return context.write(data, promise: promise)
        }
        self.sent.scan(bytes) { frame in
            if frame.type == FrameHead.goAway { self.farewells += 1 }
            self.allowance.sent(frame)
        }
        guard self.limit != nil, let frames = bytes.inShortFrames else {
            return context.write(data, promise: promise)
        }
        context.write(self.wrapOutboundOut(.byteBuffer(frames)), promise: promise)
    }

    /// Whether an error is of one stream, and the rest of the connection goes on (RFC 9113, 5.4.2). Which it is of, the same
    /// errors do not tell; but before one of the connection the codec says GOAWAY, or fails to where one was said that
    /// leaves out more.
    ///
    /// - Parameter own: How often somebody else than the codec has said that.
    func concernsOneStream(_ error: any Error, beside own: Int) -> Bool {
        guard error is any NIOHTTP2Error || error is NIOHTTP2Errors.StreamError else { return false }
        return self.farewells == own && !(error is NIOHTTP2Errors.RaisedGoawayLastStreamID)
    }
}
