// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOHPACK
import NIOHTTP2

/// Stands between one stream of HTTP/2 and the ``ByteStream`` behind it: content passes as bytes, in both directions at
/// the pace of flow control; heads, trailers and the end of each direction are told here.
final class StreamFraming: ChannelDuplexHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = HTTP2Frame.FramePayload

    /// Heads and trailers that have come and that nobody has taken, in their order.
    private var sections: [HPACKHeaders] = []
    /// The peer has sent its last frame.
    private(set) var hasEnded = false
    /// Why the peer has ended the stream before its end; nil if it has not.
    private(set) var resetCode: HTTP2ErrorCode?
    /// Our last frame has left for the socket.
    private(set) var isEndSent = false
    /// Octets of content that the client's windows have let go.
    private(set) var taken = 0
    /// Called once, when the first head has come, with whatever else came with it.
    var onFirstHead: (() -> Void)?
    /// Called when our last frame has left.
    var onEndSent: (() -> Void)?

    private var context: ChannelHandlerContext?
    private var isTunnel = false

    /// Interim responses before a final one; more is a flood.
    private static let maxSections = 16
    /// Content goes in pieces of the size of a frame at most, so that it shows how fast it is taken.
    private static let piece = 16 << 10

    func takeSection() -> HPACKHeaders? { self.sections.isEmpty ? nil : self.sections.removeFirst() }

    /// What came behind the content, without what is of no effect there.
    func takeTrailers() -> HeaderFields? {
        guard let section = self.takeSection() else { return nil }
        var trailers = HeaderFields(trailers: section)
        trailers.remove(BodyDecoder.forbiddenTrailers)
        return trailers.isEmpty ? nil : trailers
    }

    // MARK: Sending

    func send(_ headers: HPACKHeaders, endStream: Bool) {
        self.write(.headers(.init(headers: headers, endStream: endStream)), isLast: endStream)
    }

    /// All of the content, or the rest of it.
    func sendLast(_ content: ByteBuffer) {
        guard let context = self.context else { return }
        let rest = self.writePieces(of: content, context)
        self.write(.data(.init(data: .byteBuffer(rest), endStream: true)), isLast: true)
    }

    /// All but the last piece, which is returned.
    private func writePieces(of content: ByteBuffer, _ context: ChannelHandlerContext) -> ByteBuffer {
        var rest = content
        while rest.readableBytes > Self.piece, let piece = rest.readSlice(length: Self.piece) {
            self.write(piece, context)
        }
        return rest
    }

    private func write(
        _ piece: ByteBuffer,
        _ context: ChannelHandlerContext,
        _ promise: EventLoopPromise<Void>? = nil
    ) {
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        let count = piece.readableBytes
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] in self?.taken += count }
        context.write(self.wrapOutboundOut(.data(.init(data: .byteBuffer(piece)))), promise: promise)
    }

    /// Says that the tunnel stands which the request was for. From here on an end of the stream is the end of what a side
    /// of the tunnel says, and nothing but content may come (RFC 9113, 8.5).
    func beginTunnel() {
        self.send(HPACKHeaders([(":status", "200")]), endStream: false)
        self.isTunnel = true
        if self.hasEnded { self.context?.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    }

    /// Ends the stream in both directions, as far as it has not ended. What was sent before goes out.
    func reset(_ code: HTTP2ErrorCode) {
        guard let context = self.context else { return }
        context.writeAndFlush(self.wrapOutboundOut(.rstStream(code)), promise: nil)
    }

    private func write(_ payload: HTTP2Frame.FramePayload, isLast: Bool) {
        guard let context = self.context else { return }
        guard isLast else { return context.write(self.wrapOutboundOut(payload), promise: nil) }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] in
            self?.isEndSent = true
            self?.onEndSent?()
        }
        context.write(self.wrapOutboundOut(payload), promise: promise)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.write(self.writePieces(of: self.unwrapOutboundIn(data), context), context, promise)
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .output {
            self.sendLast(ByteBuffer())
            context.flush()
            promise?.succeed()
        } else {
            if self.isTunnel, !(self.hasEnded && self.isEndSent) { self.reset(.connectError) }
            context.close(mode: mode, promise: promise)
        }
    }

    // MARK: Receiving

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let head):
            self.hasEnded = self.hasEnded || head.endStream
            guard !self.isTunnel else { return self.reset(.protocolError) }
            guard self.sections.count < Self.maxSections else { return context.close(promise: nil) }
            self.sections.append(head.headers)
            self.tellReader(context, ByteBuffer())
        case .data(let data):
            self.hasEnded = self.hasEnded || data.endStream
            if case .byteBuffer(let bytes) = data.data { self.tellReader(context, bytes) }
            if self.isTunnel, data.endStream { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        case .priority, .rstStream, .settings, .pushPromise, .ping, .goAway, .windowUpdate, .alternativeService,
            .origin:
            break
        }
    }

    /// Without bytes too, since whoever waits for them has to look here then.
    private func tellReader(_ context: ChannelHandlerContext, _ bytes: ByteBuffer) {
        context.fireChannelRead(self.wrapInboundOut(bytes))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.resetCode = (error as? NIOHTTP2Errors.StreamClosed)?.errorCode
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        // What was cut off must not look like what was said to its end.
        if self.isTunnel, !self.hasEnded { context.fireErrorCaught(ChannelError.eof) }
        context.fireChannelInactive()
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        guard !self.sections.isEmpty, let onFirstHead = self.onFirstHead else { return }
        self.onFirstHead = nil
        onFirstHead()
    }
}
