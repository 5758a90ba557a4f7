// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2

/// A connection of HTTP/2 to an upstream, which carries many exchanges at once.
final class UpstreamSession: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private let worker: Worker
    private let isTLS: Bool
    /// Called when it takes nothing more, perhaps more than once.
    private let onEnd: (UpstreamSession) -> Void
    /// Called when its last exchange has ended.
    private let onIdle: (UpstreamSession) -> Void
    private var multiplexer: NIOHTTP2Handler.StreamMultiplexer?
    private var context: ChannelHandlerContext?
    /// Exchanges that the upstream takes at once.
    private(set) var limit = UpstreamSession.maxStreams
    private var openStreams = 0
    private var hasServed = false
    private var isLeaving = false
    private var hasFailed = false
    private let filter = FrameFilter(mode: .client)
    /// Since when nothing is under way.
    private(set) var idleSince = NIODeadline.now()
    /// What the upstream has said is the last stream it does anything about, once it has (RFC 9113, 6.8).
    private(set) var lastProcessed: HTTP2StreamID?

    /// Beyond what this needs nobody gains, and a flood of streams would starve the rest of the loop.
    static let maxStreams = 100

    init(
        worker: Worker,
        isTLS: Bool,
        onEnd: @escaping (UpstreamSession) -> Void,
        onIdle: @escaping (UpstreamSession) -> Void
    ) {
        self.worker = worker
        self.isTLS = isTLS
        self.onEnd = onEnd
        self.onIdle = onIdle
    }

    func install(on channel: any Channel) throws {
        let codec = NIOHTTP2Handler(
            mode: .client,
            eventLoop: self.worker.loop,
            connectionConfiguration: .client,
            streamConfiguration: .streams
        ) { pushed in
            // Nobody asked for it, and the settings say so.
            pushed.close()
        }
        try channel.pipeline.syncOperations.addHandlers([self.filter, codec, self])
        self.multiplexer = try codec.syncMultiplexer()
        // Each stream is read at its own pace: what holds the upstream back is their windows.
        try channel.syncOptions?.setOption(.autoRead, value: true)
        channel.read()
    }

    // MARK: Exchanges

    /// Whether one more exchange may begin.
    var hasRoom: Bool { self.context != nil && !self.isLeaving && self.openStreams < self.limit }
    var isIdle: Bool { self.openStreams == 0 }
    /// Whether the connection is gone, and not for what was said on it.
    var hasDied: Bool { self.context == nil && !self.hasFailed }

    func begin() async -> HTTP2Exchange? {
        guard self.hasRoom, let multiplexer = self.multiplexer else { return nil }
        // Counted from now, since the stream itself comes a little later.
        self.openStreams += 1
        let parts = self.worker.bind((StreamFraming(), ByteStream(loop: self.worker.loop)))
        do {
            let channel = try await multiplexer.createStreamChannel { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.syncOptions?.setOption(.autoRead, value: false)
                    let (framing, stream) = parts.value
                    try channel.pipeline.syncOperations.addHandlers([framing, stream])
                }
            }.get()
            let (framing, stream) = parts.value
            guard self.context != nil else {
                // The connection ended before the stream began, and nobody would tell it.
                channel.close(promise: nil)
                return nil
            }
            let hasServed = self.hasServed
            self.hasServed = true
            let exchange = HTTP2Exchange(
                stream,
                framing,
                on: channel,
                of: self,
                isTLS: self.isTLS,
                hasServed: hasServed
            )
            let bound = self.worker.bind(self)
            stream.onClose = { bound.value.ended() }
            return exchange
        } catch {
            self.ended()
            return nil
        }
    }

    private func ended() {
        self.openStreams -= 1
        self.idleSince = .now()
        if self.isIdle { self.onIdle(self) }
        self.closeIfUnused()
    }

    // MARK: Ending

    /// Begins nothing more, and ends the connection after the last exchange: one that answers nobody may be dead without
    /// a sign.
    func leave() {
        self.isLeaving = true
        self.closeIfUnused()
    }

    private func closeIfUnused() {
        guard self.isLeaving, self.openStreams == 0 else { return }
        let bound = self.worker.bind(self)
        // What the last stream has written may not be flushed yet.
        self.worker.loop.execute { bound.value.context?.close(promise: nil) }
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data).payload {
        case .goAway(let last, _, _):
            self.lastProcessed = last
            self.onEnd(self)
            self.leave()
        case .settings(.settings(let settings)):
            for setting in settings where setting.parameter == .maxConcurrentStreams {
                self.limit = min(setting.value, Self.maxStreams)
            }
            // Kept, it would be of no use, and beside every exchange there would be one more of its kind.
            if self.limit == 0 { self.leave() }
        default: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !self.filter.concernsOneStream(error, beside: 0) else { return }
        if error is any NIOHTTP2Error || error is FrameFlood { self.hasFailed = true }
        let bound = self.worker.bind(self)
        self.worker.loop.execute { bound.value.context?.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.fireChannelInactive()
        self.gone()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.gone() }

    private func gone() {
        guard self.context != nil else { return }
        self.context = nil
        self.multiplexer = nil
        self.onEnd(self)
    }
}
