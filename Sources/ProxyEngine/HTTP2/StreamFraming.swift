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
    /// Our last frame has left for the socket.
    private(set) var isEndSent = false
    /// Called once, when the first head has come, with whatever else came with it.
    var onFirstHead: (() -> Void)?
    /// Called when our last frame has left.
    var onEndSent: (() -> Void)?

    private var context: ChannelHandlerContext?

    /// Interim responses before a final one; more is a flood.
    private static let maxSections = 16

    func takeSection() -> HPACKHeaders? { self.sections.isEmpty ? nil : self.sections.removeFirst() }

    // MARK: Sending

    func send(_ headers: HPACKHeaders, endStream: Bool) {
        self.write(.headers(.init(headers: headers, endStream: endStream)), isLast: endStream)
    }

    /// All of the content, or the rest of it.
    func sendLast(_ content: ByteBuffer) {
        self.write(.data(.init(data: .byteBuffer(content), endStream: true)), isLast: true)
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
        let bytes = self.unwrapOutboundIn(data)
        context.write(self.wrapOutboundOut(.data(.init(data: .byteBuffer(bytes)))), promise: promise)
    }

    // MARK: Receiving

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let head):
            self.hasEnded = self.hasEnded || head.endStream
            guard self.sections.count < Self.maxSections else { return context.close(promise: nil) }
            self.sections.append(head.headers)
        case .data(let data):
            self.hasEnded = self.hasEnded || data.endStream
            if case .byteBuffer(let bytes) = data.data, bytes.readableBytes > 0 {
                context.fireChannelRead(self.wrapInboundOut(bytes))
            }
        case .priority, .rstStream, .settings, .pushPromise, .ping, .goAway, .windowUpdate, .alternativeService,
            .origin:
            break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        guard !self.sections.isEmpty, let onFirstHead = self.onFirstHead else { return }
        self.onFirstHead = nil
        onFirstHead()
    }
}
