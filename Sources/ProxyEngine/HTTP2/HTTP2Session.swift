// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOHTTP2
import ProxyConfiguration

/// One downstream connection of HTTP/2: opens its streams, and ends it when nobody uses it, when it drains and when the
/// peer breaks the protocol.
final class HTTP2Session: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    private enum Phase {
        case open
        /// The client was told to open no more. What it opens before it has heard of it is refused, and may be repeated
        /// (RFC 9113, 8.7).
        case draining
        /// It has heard of it: the last stream ends the connection.
        case closing
        /// We say no more, and wait for the client to hear that: what it still sends would else take our last words away
        /// from it (RFC 9112, 9.6, has the same of HTTP/1).
        case lingering
    }

    private let worker: Worker
    private let listener: Listener
    private let client: Request.Client
    private let origin: ConnectionGate.Origin?
    private let onEnd: () -> Void
    private var context: ChannelHandlerContext?
    private var phase = Phase.open
    private var openStreams = 0
    private var isInputClosed = false
    private var lastStream = HTTP2StreamID.rootStream
    private let filter = FrameFilter(mode: .server)
    /// How often GOAWAY was sent from here.
    private var farewells = 0
    private var timer: DeadlineTimer?

    /// By its answer to this ping the client shows that it has read our GOAWAY.
    private static let drainPing = HTTP2PingData(withInteger: 0x7769_6E64_6272_6B21)
    /// How long that answer is waited for while no stream is open.
    private static let drainGrace = TimeAmount.seconds(1)
    private static let lingeringTime = TimeAmount.seconds(2)

    /// - Parameter origin: As whose the connection is counted.
    init(
        client: Request.Client,
        origin: ConnectionGate.Origin?,
        worker: Worker,
        listener: Listener,
        onEnd: @escaping () -> Void
    ) {
        self.client = client
        self.origin = origin
        self.worker = worker
        self.listener = listener
        self.onEnd = onEnd
        self.timer = DeadlineTimer(loop: worker.loop) { [weak self] in self?.deadlineReached() }
    }

    /// Whether these bytes are the beginning of the client's preface, which to HTTP/1 is a whole head of another version
    /// (RFC 9113, 3.4). The rest of it is made sure of by the codec.
    static func isAnnounced(by bytes: ByteBuffer) -> Bool {
        bytes.readableBytesView.starts(with: "PRI * HTTP/2.0\r\n\r\n".utf8)
    }

    /// Puts HTTP/2 behind what the bytes of the channel have to pass.
    func install(on channel: any Channel) throws {
        let bound = self.worker.bind(self)
        let codec = NIOHTTP2Handler(
            mode: .server,
            eventLoop: self.worker.loop,
            connectionConfiguration: .server(self.settings),
            streamConfiguration: .streams,
            streamDelegate: StreamCounter(session: bound)
        ) { stream in
            stream.eventLoop.makeCompletedFuture { try bound.value.accept(stream) }
        }
        try channel.pipeline.syncOperations.addHandlers([self.filter, codec, self])
        // Each stream is read at its own pace: what holds the client back is their windows.
        try channel.syncOptions?.setOption(.autoRead, value: true)
        channel.read()
        self.arm()
    }

    private var settings: DownstreamConfiguration {
        self.listener.engine.dispatcher?.snapshot.configuration.downstream ?? DownstreamConfiguration()
    }

    private var keepAlive: TimeAmount { self.listener.engine.dispatcher?.clients.keepAlive ?? .zero }

    private func accept(_ channel: any Channel) throws {
        guard self.phase != .lingering else { throw ChannelError.ioOnClosedChannel }
        try channel.syncOptions?.setOption(.autoRead, value: false)
        let (framing, stream) = (StreamFraming(), ByteStream(loop: self.worker.loop))
        try channel.pipeline.syncOperations.addHandlers([framing, stream])
        ServerStream(
            stream,
            framing,
            client: self.client,
            origin: self.origin,
            worker: self.worker,
            listener: self.listener,
            // Some clients that give up an answer never give the window back that it has used up, and all that comes after
            // it on the connection waits: better on another one.
            onTooSlow: { [weak self] in self?.drain() }
        ).start()
    }

    // MARK: Ending

    /// Ends the connection after the exchanges that are going on (RFC 9113, 6.8).
    func drain() {
        guard self.phase == .open, let context = self.context else { return }
        self.phase = .draining
        self.sendGoAway(lastStream: .maxID)
        context.write(
            self.wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: .ping(Self.drainPing, ack: false))),
            promise: nil
        )
        context.flush()
        self.arm()
    }

    /// Ends the connection if it is kept for a request that may never come.
    ///
    /// - Returns: Whether it does; the client is told first.
    func drainIfIdle() -> Bool {
        guard self.phase == .open, self.openStreams == 0, self.lastStream != .rootStream else { return false }
        self.drain()
        return true
    }

    /// Ends the connection now.
    func cut() { self.context?.close(promise: nil) }

    private func goAwayWasRead() {
        if self.phase == .draining { self.leave(.noError) }
    }

    /// Ends the connection after the streams that are open; later ones are not begun.
    private func leave(_ code: HTTP2ErrorCode) {
        guard self.phase == .open || self.phase == .draining, let context = self.context else { return }
        self.phase = .closing
        self.sendGoAway(lastStream: self.lastStream, code)
        context.flush()
        self.closeIfUnused()
    }

    private func sendGoAway(lastStream: HTTP2StreamID, _ code: HTTP2ErrorCode = .noError) {
        let payload = HTTP2Frame.FramePayload.goAway(lastStreamID: lastStream, errorCode: code, opaqueData: nil)
        self.farewells += 1
        self.context?.write(self.wrapOutboundOut(HTTP2Frame(streamID: .rootStream, payload: payload)), promise: nil)
    }

    private func closeIfUnused() {
        guard self.phase == .closing, self.openStreams == 0 else { return }
        // A stream counts as closed when its last frame is written, which is before it is flushed.
        self.closeSoon()
    }

    private func closeSoon() {
        guard self.phase != .lingering, self.context != nil else { return }
        self.phase = .lingering
        self.timer?.arm(.now() + Self.lingeringTime)
        let bound = self.worker.bind(self)
        let mode = self.isInputClosed ? CloseMode.all : .output
        self.worker.loop.execute { bound.value.context?.close(mode: mode, promise: nil) }
    }

    /// The time for a first request, for the next one, and for hearing of the end.
    private func arm() {
        // Streams end after the connection has: then there is nothing left to wait for.
        guard self.context != nil else { return }
        switch self.phase {
        case .open where self.openStreams == 0: self.timer?.arm(.now() + self.keepAlive)
        case .draining where self.openStreams == 0: self.timer?.arm(.now() + Self.drainGrace)
        case .open, .draining, .closing: self.timer?.arm(.distantFuture)
        case .lingering: break
        }
    }

    private func deadlineReached() {
        switch self.phase {
        case .open: self.drain()
        case .draining: self.goAwayWasRead()
        case .closing: break
        case .lingering: self.cut()
        }
    }

    // MARK: Streams

    fileprivate func opened(_ id: HTTP2StreamID) {
        self.openStreams += 1
        self.lastStream = max(self.lastStream, id)
        self.arm()
    }

    fileprivate func closed() {
        self.openStreams -= 1
        self.arm()
        self.closeIfUnused()
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.phase != .lingering, case .ping(Self.drainPing, ack: true) = self.unwrapInboundIn(data).payload {
            self.goAwayWasRead()
        }
    }

    /// What concerns one stream only was told to the client by its reset; after anything else the codec has said
    /// GOAWAY, and what it reads now is of no use. A flood never reaches the codec.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.listener.engine.logger.debug("[LISTEN] HTTP/2 of \(self.client.address): \(error)")
        guard !self.filter.concernsOneStream(error, beside: self.farewells) else {
            // Of what comes in a wrong state the codec does not always say what RFC 9113, 5.1, wants to be said.
            if error is NIOHTTP2Errors.BadStreamStateTransition { self.leave(.streamClosed) }
            return
        }
        if error is FrameFlood { self.sendGoAway(lastStream: self.lastStream, .enhanceYourCalm) }
        // The farewell may be written and not yet flushed.
        self.closeSoon()
    }

    /// A client that has ended its side opens no more streams, and waits for what it has asked for, if it is not gone:
    /// then its system resets the connection when it is sent something.
    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.inputClosed() }
        context.fireUserInboundEventTriggered(event)
    }

    private func inputClosed() {
        self.isInputClosed = true
        guard self.phase != .lingering else { return self.cut() }
        self.drain()
        self.phase = .closing
        self.arm()
        self.closeIfUnused()
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.fireChannelInactive()
        self.gone()
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.gone() }

    private func gone() {
        guard self.context != nil else { return }
        self.context = nil
        self.timer?.cancel()
        self.onEnd()
    }
}

/// Tells the session of its streams.
private struct StreamCounter: NIOHTTP2StreamDelegate {
    let session: NIOLoopBound<HTTP2Session>

    func streamCreated(_ id: HTTP2StreamID, channel: any Channel) { self.session.value.opened(id) }
    func streamClosed(_ id: HTTP2StreamID, channel: any Channel) { self.session.value.closed() }
}
