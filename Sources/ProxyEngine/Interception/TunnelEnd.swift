// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Stands at the end of a stream that carries a tunnel, and passes on what it says to the ``TunnelChannel``, and what that
/// says to it.
final class TunnelEnd: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Whether the next read follows each by itself.
    var readsByItself = false
    /// Whether a peer that has ended its side is still written to: asked for by TLS, when that has said goodbye.
    var allowsHalfClosure = true
    /// Whether the end that comes is none that was said.
    var isCutOff = false
    /// Octets that were written and have not left.
    private(set) var buffered = 0

    private let framing: StreamFraming
    private weak var channel: TunnelChannel?
    private var context: ChannelHandlerContext?
    private var wantsRead = false
    private var isDelivering = false
    private var isOutputClosed = false
    private var expiry: Scheduled<Void>?

    /// How long the last octets may take to leave once both sides have done with the connection.
    private static let lingeringTime = TimeAmount.seconds(2)

    init(_ framing: StreamFraming) { self.framing = framing }

    /// Begins to pass on. A stream that is gone by now ends the channel.
    func open(_ channel: TunnelChannel, on stream: any Channel) {
        self.channel = channel
        do { try stream.pipeline.syncOperations.addHandler(self) } catch { channel.ended() }
    }

    // MARK: To the stream

    func write(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        // Behind the last frame there must be none.
        guard let context = self.context, !self.isOutputClosed else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        let count = bytes.readableBytes
        self.buffered += count
        promise.futureResult.assumeIsolated().whenComplete { _ in self.buffered -= count }
        context.write(self.wrapOutboundOut(bytes), promise: promise)
    }

    func flush() { self.context?.flush() }

    /// Never delivers before it returns, as a stream does that has kept something, and a socket does not.
    func read() {
        guard !self.wantsRead else { return }
        self.wantsRead = true
        if !self.isDelivering { self.readSoon() }
    }

    private func readSoon() {
        self.context?.eventLoop.assumeIsolated().execute { if !self.isDelivering { self.readNow() } }
    }

    private func readNow() {
        guard self.wantsRead, let context = self.context else { return }
        self.wantsRead = false
        context.read()
    }

    func closeOutput() {
        guard !self.isOutputClosed, let context = self.context else { return }
        self.isOutputClosed = true
        context.close(mode: .output, promise: nil)
    }

    /// What has said its end ends so, behind what is still on its way; what was cut off is reset at once.
    func close() {
        guard let context = self.context else { return }
        guard !self.isCutOff else { return context.close(promise: nil) }
        let loop = context.eventLoop.assumeIsolated()
        self.expiry = loop.scheduleTask(in: Self.lingeringTime) { self.context?.close(promise: nil) }
        self.closeOutput()
        guard !self.framing.isEndSent else { return self.leave() }
        self.framing.onEndSent = { loop.execute { self.leave() } }
    }

    /// RFC 9113, 8.1: nothing more is wanted of the client.
    private func leave() {
        if self.context != nil, !self.framing.hasEnded { self.framing.reset(.noError) }
    }

    // MARK: From the stream

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // A proxy that drains has closed it before it began.
        if self.channel?.isActive ?? false { self.readSoon() } else { self.close() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        guard bytes.readableBytes > 0, let channel = self.channel, channel.isActive else { return }
        self.isDelivering = true
        channel.pipeline.fireChannelRead(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard let channel = self.channel, channel.isActive else { return }
        self.isDelivering = true
        channel.pipeline.fireChannelReadComplete()
        if self.readsByItself { channel.pipeline.read() }
        self.isDelivering = false
        self.readNow()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event, let channel = self.channel, channel.isActive else { return }
        channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if let channel = self.channel, channel.isActive { channel.pipeline.fireChannelWritabilityChanged() }
    }

    /// Within, it is no matter of one stream, but of the connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let channel = self.channel, channel.isActive else { return }
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNRESET, reason: "\(error)"))
    }

    func channelInactive(context: ChannelHandlerContext) { self.gone() }

    func handlerRemoved(context: ChannelHandlerContext) { self.gone() }

    private func gone() {
        self.context = nil
        self.expiry?.cancel()
        self.expiry = nil
        self.framing.onEndSent = nil
        self.channel?.ended()
    }
}
