// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOSSL
import NIOTLS

/// A connection as a stream of bytes that an `async` function on the same event loop reads and writes.
///
/// Duties:
/// 1. keep what was received until the reader takes it, and read ahead up to a limit only: then the peer has to wait;
/// 2. hold the writer back while the socket does not take bytes;
/// 3. end every wait at its deadline, at a cancellation of its task and at the end of the connection;
/// 4. tell whoever asked when the peer is gone, also while nobody waits.
///
/// Everything here is confined to the event loop of its channel.
final class ByteStream: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// Why a wait ended without what was waited for.
    enum Interruption: Error {
        /// The peer has closed its side, or the connection is gone; with the error if there was one.
        case ended((any Error)?)
        case timedOut
        case cancelled
        /// Our own side gave up, for this reason.
        case abandoned(ProxyError)
    }

    /// Bytes that may wait for the reader before the socket is left alone.
    private static let readAhead = 64 << 10

    let loop: any EventLoop
    /// Received and not yet taken. The reader consumes from its front.
    var received = ByteBuffer()
    /// Called once when the connection is gone.
    var onClose: (() -> Void)?
    /// Called with what was received while the reader waits. Returns whether he may wait on.
    var onReceive: (() -> Bool)?
    /// Called once when the peer has said that it sends nothing more, where its channel allows for that.
    var onInputClosed: (() -> Void)?
    /// Nothing is expected now: bytes that come close the connection.
    var closesOnBytes = false
    /// Octets that were queued to be sent.
    private(set) var written = 0

    private(set) var context: ChannelHandlerContext?
    /// As the channel says when it changes: to ask it costs more than all that follows.
    private var takesMore = true
    private var isSecured = false
    /// What both sides agreed on by ALPN.
    private(set) var negotiatedProtocol: String?
    private var end: Interruption?
    private var isReading = false
    private var hasNews = false
    /// Whether the peer has said that it sends nothing more.
    private(set) var isInputClosed = false
    private var waits = 0
    private var reader: Waiter?
    private var writer: Waiter?
    private var timer: DeadlineTimer?

    private enum Side { case reader, writer }

    private struct Waiter {
        let id: Int
        var continuation: UnsafeContinuation<Interruption?, Never>
        var deadline: NIODeadline
    }

    init(loop: any EventLoop) {
        self.loop = loop
    }

    /// Whether the socket takes what is written without having anybody wait.
    var isWritable: Bool { self.end == nil && self.context != nil && self.takesMore }
    var isOpen: Bool { self.end == nil && self.context != nil }
    var channel: (any Channel)? { self.context?.channel }

    // MARK: Reading

    /// Returns when more has been received than there was, or the wait is over.
    func receiveMore(until deadline: NIODeadline) async throws(Interruption) {
        if Task.isCancelled { throw .cancelled }
        try self.expectMore()
        self.hasNews = false
        self.requestRead()
        // What a stream of HTTP/2 has kept comes before the request for it returns, when nobody waits yet.
        if self.hasNews { return }
        try self.expectMore()
        if let interruption = await self.wait(for: .reader, until: deadline) { throw interruption }
    }

    private func expectMore() throws(Interruption) {
        if let end = self.end { throw end }
        if self.isInputClosed { throw .ended(nil) }
    }

    /// Moves the deadline of a wait that is going on, or does nothing if there is none.
    func moveReadDeadline(to deadline: NIODeadline) {
        guard self.reader != nil else { return }
        self.reader?.deadline = deadline
        self.armTimer()
    }

    /// Asks the socket for bytes without waiting, so that the end of a connection is seen while nobody reads.
    func requestRead() {
        guard !self.isReading, !self.isInputClosed, let context = self.context else { return }
        self.isReading = true
        context.read()
    }

    /// Returns when the TLS handshake is done.
    func waitUntilSecured(until deadline: NIODeadline) async throws(Interruption) {
        while !self.isSecured {
            if let end = self.end { throw end }
            self.requestRead()
            if let interruption = await self.wait(for: .reader, until: deadline) { throw interruption }
        }
    }

    /// Puts TLS between the socket and this stream, as a server. What was received already is the handshake's.
    func secure(with tls: NIOSSLContext) throws {
        guard let context = self.context else { throw ChannelError.ioOnClosedChannel }
        self.isSecured = false
        self.negotiatedProtocol = nil
        let handler = NIOSSLServerHandler(context: tls)
        let bytes = self.received
        self.received = ByteBuffer()
        try context.pipeline.syncOperations.addHandler(handler, position: .before(self))
        guard bytes.readableBytes > 0 else { return }
        let position = try context.pipeline.syncOperations.context(handler: handler)
        handler.channelRead(context: position, data: NIOAny(bytes))
        handler.channelReadComplete(context: position)
    }

    // MARK: Writing

    /// Queues bytes; nothing is sent before `flush`.
    func write(_ buffer: ByteBuffer) {
        guard self.end == nil, let context = self.context, buffer.readableBytes > 0 else { return }
        self.written += buffer.readableBytes
        context.write(self.wrapOutboundOut(buffer), promise: nil)
    }

    /// Sends what was queued, without waiting.
    func flush() {
        self.context?.flush()
    }

    /// Sends what was queued, and returns when the socket is ready for more.
    func flush(until deadline: NIODeadline) async throws(Interruption) {
        if let end = self.end { throw end }
        guard let context = self.context else { throw .ended(nil) }
        context.flush()
        guard !self.takesMore else { return }
        // The end may have come with it.
        if let end = self.end { throw end }
        if let interruption = await self.wait(for: .writer, until: deadline) { throw interruption }
    }

    /// Returns when the socket has taken everything; `close` would drop the rest.
    func flushAll(until deadline: NIODeadline) async throws(Interruption) {
        if let end = self.end { throw end }
        let mark = self.markWrites()
        while !mark.isSent {
            if let interruption = await self.wait(for: .writer, until: deadline) { throw interruption }
        }
        if let end = self.end { throw end }
    }

    private final class WriteMark {
        var isSent = false
    }

    /// Flushes, and tells when everything that was written before has been sent or dropped.
    private func markWrites() -> WriteMark {
        let mark = WriteMark()
        let promise = self.loop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { _ in
            mark.isSent = true
            self.resume(.writer, with: nil)
        }
        if let context = self.context {
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer()), promise: promise)
        } else {
            promise.succeed()
        }
        return mark
    }

    /// Returns when the socket takes more, or somebody has called `resumeWriter`.
    func waitForWriter(until deadline: NIODeadline) async throws(Interruption) {
        if let end = self.end { throw end }
        if let interruption = await self.wait(for: .writer, until: deadline) { throw interruption }
    }

    func resumeWriter() { self.resume(.writer, with: nil) }

    // MARK: Ending

    /// Leaves the connection to what `install` puts behind this, with the bytes that nobody has taken.
    func handOver(_ install: (any Channel) throws -> Void) throws {
        guard let context = self.context else { throw ChannelError.ioOnClosedChannel }
        self.onReceive = nil
        self.onInputClosed = nil
        try install(context.channel)
        self.onClose = nil
        let rest = self.received
        self.received = ByteBuffer()
        if rest.readableBytes > 0 {
            context.fireChannelRead(self.wrapInboundOut(rest))
            context.fireChannelReadComplete()
        }
        if self.isInputClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
        context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
    }

    /// Ends every wait, now and later, with this reason. The connection is not closed by it.
    func abandon(_ reason: ProxyError) {
        guard self.end == nil else { return }
        self.finish(.abandoned(reason))
    }

    // MARK: Waiting

    private func wait(
        for side: Side,
        until deadline: NIODeadline
    ) async -> Interruption? {
        self.waits += 1
        let id = self.waits
        let stream = NIOLoopBound(self, eventLoop: self.loop)
        let loop = self.loop
        return await withTaskCancellationHandler {
            // Unsafe saves an allocation for each wait; a waiter is taken out of its slot when it is resumed, so that it
            // is resumed once, and `finish` empties both slots.
            await withUnsafeContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .cancelled) }
                // Whoever waited here before has lost his turn: his task was cancelled, and does not know it yet.
                self.resume(side, with: .cancelled)
                let waiter = Waiter(id: id, continuation: continuation, deadline: deadline)
                switch side {
                case .reader: self.reader = waiter
                case .writer: self.writer = waiter
                }
                self.armTimer()
            }
        } onCancel: {
            loop.execute {
                let stream = stream.value
                // By now somebody else may wait here.
                let waiter = side == .reader ? stream.reader : stream.writer
                if waiter?.id == id { stream.resume(side, with: .cancelled) }
            }
        }
    }

    private func resume(_ side: Side, with interruption: Interruption?) {
        let waiter: Waiter?
        switch side {
        case .reader: (waiter, self.reader) = (self.reader, nil)
        case .writer: (waiter, self.writer) = (self.writer, nil)
        }
        waiter?.continuation.resume(returning: interruption)
    }

    private func finish(_ interruption: Interruption) {
        self.end = self.end ?? interruption
        self.resume(.reader, with: interruption)
        self.resume(.writer, with: interruption)
    }

    private func armTimer() {
        let nearest = min(self.reader?.deadline ?? .distantFuture, self.writer?.deadline ?? .distantFuture)
        self.timer?.arm(nearest)
    }

    private func deadlineReached() {
        let now = NIODeadline.now()
        if let reader = self.reader, reader.deadline <= now { self.resume(.reader, with: .timedOut) }
        if let writer = self.writer, writer.deadline <= now { self.resume(.writer, with: .timedOut) }
        self.armTimer()
    }

    // MARK: Channel events

    /// What points back at this is let go of in `gone`, and not weak: an object to which weak references lead is counted
    /// slowly, and this one is counted several times for each request.
    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        // One that is not active yet says that it takes nothing, and not when that changes.
        self.takesMore = !context.channel.isActive || context.channel.isWritable
        self.timer = DeadlineTimer(loop: self.loop) { self.deadlineReached() }
    }

    func channelActive(context: ChannelHandlerContext) {
        // A read that was asked for before the channel was registered has been lost.
        self.isReading = false
        self.requestRead()
        context.fireChannelActive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted(let negotiatedProtocol):
            self.isSecured = true
            self.negotiatedProtocol = negotiatedProtocol
            self.resume(.reader, with: nil)
        case ChannelEvent.inputClosed:
            self.inputClosed()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func handlerRemoved(context: ChannelHandlerContext) { self.gone(nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        if self.closesOnBytes { return context.close(promise: nil) }
        if self.received.readableBytes == 0 { self.received = bytes } else { self.received.writeBuffer(&bytes) }
        self.hasNews = true
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.isReading = false
        // A read that stands all the time costs no system call to ask for it, and shows when the peer goes.
        if self.received.readableBytes < Self.readAhead { self.requestRead() }
        // The end of the peer's side completes a read too.
        guard self.hasNews, self.reader != nil else { return }
        self.hasNews = false
        guard !(self.onReceive?() ?? false) else { return }
        self.resume(.reader, with: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        self.takesMore = context.channel.isWritable
        if self.takesMore { self.resume(.writer, with: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.finish(.ended(error))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.gone(nil)
        context.fireChannelInactive()
    }

    private func inputClosed() {
        self.isInputClosed = true
        self.resume(.reader, with: .ended(nil))
        let onInputClosed = self.onInputClosed
        self.onInputClosed = nil
        onInputClosed?()
    }

    private func gone(_ error: (any Error)?) {
        self.context = nil
        self.timer?.cancel()
        self.timer = nil
        self.finish(.ended(error))
        let onClose = self.onClose
        self.onClose = nil
        self.onReceive = nil
        self.onInputClosed = nil
        onClose?()
    }
}
