// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Logging
import NIOCore
import ProxyConfiguration
import Resilience

/// One downstream connection: takes its requests one after the other, and answers each before it takes the next, so
/// that pipelined requests are answered in their order.
final class ServerConnection {
    let stream: ByteStream
    let worker: Worker
    let listener: Listener
    let guest: Guest
    /// As whose it is counted.
    private(set) var origin: ConnectionGate.Origin?
    private var task: Task<Void, Never>?
    /// Between two requests, so that nothing is lost by closing now.
    private var isIdle = true
    var hasAnswered = false
    private(set) var isDraining = false
    /// The head that is coming.
    private var parser: RequestParser?
    /// What has come and could not be answered at once.
    private var arrived: Arrived?
    /// What has taken the connection over, if the client speaks HTTP/2.
    private var session: HTTP2Session?

    /// Made once, since every request carries it.
    let onInterim: (ResponseHead) -> Void
    /// The exchange that is going on.
    var current: SilentClient.Exchange?
    private var reader = SlowReader()

    init(_ guest: Guest, origin: ConnectionGate.Origin?, worker: Worker, listener: Listener) {
        let stream = guest.stream
        self.stream = stream
        self.guest = guest
        self.origin = origin
        self.worker = worker
        self.listener = listener
        self.onInterim = { interim in
            var interim = interim
            HopByHop.remove(from: &interim.fields)
            interim.fields.remove("content-length")
            var buffer = ByteBuffer()
            HeadWriter.write(interim, to: &buffer)
            stream.write(buffer)
            stream.flush()
        }
    }

    func start() {
        let connection = self.worker.bind(self)
        let task = self.worker.start { await connection.value.serve() }
        self.task = task
        // Whoever goes away takes back what he asked for.
        self.stream.onClose = { task.cancel() }
    }

    /// Ends the connection after the exchange that is going on, or now if there is none.
    func drain() {
        self.isDraining = true
        if let session { return session.drain() }
        if self.isIdle { self.stream.close() }
    }

    /// Ends the connection if it is kept for a request that may never come. Returns whether it did.
    func closeIfIdle() -> Bool {
        if let session { return session.drainIfIdle() }
        guard self.isIdle, self.hasAnswered else { return false }
        self.stream.close()
        return true
    }

    /// Ends the connection now, whatever is going on.
    func cut() {
        if let session { session.cut() } else { self.stream.reset() }
    }

    private func serve() async {
        if await self.begin() { await self.serveRequests() }
        if self.session == nil { self.end() }
    }

    /// Welcomes the guest, and leaves him to HTTP/2 if that is what he speaks.
    ///
    /// - Returns: Whether requests of HTTP/1 may follow.
    func begin(
        _ prepare: (Guest) throws(ByteStream.Interruption) -> Void = { _ in }
    ) async -> Bool {
        do throws(ByteStream.Interruption) {
            try prepare(self.guest)
            try await self.guest.welcome()
        } catch {
            // Whom a drain has turned away has ended nothing.
            if !self.isDraining { self.guest.log(error, to: self.listener.engine.logger) }
            return false
        }
        guard self.identify() else { return false }
        guard self.stream.negotiatedProtocol == "h2" else { return true }
        self.openSession()
        return false
    }

    private func end() {
        self.stream.close()
        self.listener.remove(self, on: self.worker)
    }

    /// Behind a trusted peer it is the client that it announced who has a share of the connections.
    private func identify() -> Bool {
        guard self.origin == nil, self.listener.role == .main,
            let origin = ConnectionGate.Origin(self.guest.announced)
        else { return true }
        guard self.listener.engine.identify(origin) else { return false }
        self.origin = origin
        return true
    }

    func openSession() {
        let session = HTTP2Session(
            client: self.guest.client,
            origin: self.origin,
            worker: self.worker,
            listener: self.listener
        ) { [weak self] in
            if let self { self.listener.remove(self, on: self.worker) }
        }
        guard (try? self.stream.handOver({ try session.install(on: $0) })) != nil else { return }
        self.session = session
        if self.isDraining { session.drain() }
    }

    private func serveRequests() async {
        guard self.stream.isOpen else { return }
        // Let go of when the stream is gone.
        self.stream.onReceive = { self.answerAtOnce() }
        self.stream.onInputClosed = { self.inputClosed() }
        // What the client said may have come all at once with the end of its handshake.
        if self.stream.isInputClosed { self.inputClosed() }
        var isFirst = true
        while let arrival = await self.nextRequest(isFirst: isFirst) {
            isFirst = false
            guard await self.answer(arrival), !self.isDraining else { break }
        }
    }

    // MARK: Request

    private func nextRequest(isFirst: Bool) async -> Arrival? {
        guard var dispatcher = self.listener.engine.dispatcher else { return nil }
        do throws(ByteStream.Interruption) {
            self.isIdle = true
            if self.stream.received.readableBytes == 0 {
                let times = dispatcher.clients
                try await self.stream.receiveMore(until: .now() + (isFirst ? times.headerTimeout : times.keepAlive))
                dispatcher = self.listener.engine.dispatcher ?? dispatcher
            }
            self.isIdle = false
            let deadline = NIODeadline.now() + dispatcher.clients.headerTimeout
            while true {
                switch self.takeRequest() {
                case .request(let arrival)?: return arrival
                case .garbage(.foreign, _)?: return nil
                case .garbage(let error, let dispatcher)?:
                    await self.refuse(ProxyError(error), dispatcher)
                    return nil
                case .http2?:
                    self.openSession()
                    return nil
                case nil: try await self.stream.receiveMore(until: deadline)
                }
            }
        } catch {
            guard !self.isIdle else { return nil }
            switch error {
            case .timedOut:
                await self.refuse(ProxyError(.requestTimeout, "the header section stopped arriving"), dispatcher)
            case .ended where self.stream.isOpen:
                await self.refuse(ProxyError(.badRequest, "the request ended within its header section"), dispatcher)
            case .ended, .cancelled, .abandoned: break
            }
            return nil
        }
    }

    /// What has arrived, taken out of what was received; nil if more of a head has to come.
    private func takeRequest() -> Arrived? {
        if let arrived = self.arrived {
            self.arrived = nil
            return arrived
        }
        // The request belongs to the configuration that it meets, not to that of the wait for it.
        guard let dispatcher = self.listener.engine.dispatcher else { return nil }
        var parser = self.parser ?? RequestParser(limits: dispatcher.clients.limits)
        do throws(HTTP1Error) {
            guard let (head, recent) = try self.takeHead(&parser, dispatcher) else {
                self.parser = parser
                return nil
            }
            self.parser = nil
            return .request(try Arrival(head, recent, dispatcher, on: self))
        } catch {
            // The preface of HTTP/2 comes at the very beginning of a connection.
            let mayBeHTTP2 = error == .unsupportedVersion && !self.hasAnswered && parser.isAtStart
            if mayBeHTTP2, self.guest.speaksHTTP2, HTTP2Session.isAnnounced(by: self.stream.received) { return .http2 }
            return .garbage(error, dispatcher)
        }
    }

    private func takeHead(
        _ parser: inout RequestParser,
        _ dispatcher: Dispatcher
    ) throws(HTTP1Error) -> (head: RequestHead, recent: RecentHead?)? {
        // For the operator the same head means something else.
        guard self.listener.role == .main else {
            return try parser.next(in: &self.stream.received).map { ($0, nil) }
        }
        let heads = dispatcher.recentHeads(of: self.worker)
        return try heads.next(in: &self.stream.received, &parser, tunnel: self.guest.client.tunnel?.origin)
    }

    /// Answers what is no request, and closes.
    private func refuse(_ error: ProxyError, _ dispatcher: Dispatcher) async {
        let arrival = NIODeadline.now()
        let head = RequestHead(HTTPMethod(rawValue: "-"), "-")
        let request = Request(head, client: self.guest.client, worker: self.worker, arrival: arrival)
        let response = error.response()
        let written = await self.writer(for: request, keepsAlive: false).write(response)
        self.finished(request, response, bytesIn: 0, written, dispatcher)
        if written.error == nil { await self.linger() } else { self.stream.reset() }
    }

    // MARK: Exchange

    /// Answers what has come between two requests without waking the task of the connection, as far as that goes: a hit
    /// costs no switch of tasks.
    ///
    /// - Returns: Whether nothing is left for the task.
    private func answerAtOnce() -> Bool {
        guard self.isIdle else { return false }
        if self.answerAgain() { return true }
        while self.stream.received.readableBytes > 0 {
            guard let arrived = self.takeRequest() else { return false }
            guard case .request(let arrival) = arrived, self.answerAtOnce(arrival) else {
                self.arrived = arrived
                return false
            }
            self.stream.moveReadDeadline(to: arrival.request.arrival + arrival.dispatcher.clients.keepAlive)
        }
        return true
    }

    /// Whether what is answered now is taken, and another request may follow.
    var isReady: Bool { !self.isDraining && self.stream.isWritable }

    private func answerAtOnce(_ arrival: Arrival) -> Bool {
        guard case .answered(let response) = arrival.step, arrival.body?.isFinished ?? true, self.isReady,
            arrival.wantsKeepAlive
        else { return false }
        let writer = self.writer(for: arrival.request, keepsAlive: true)
        guard let written = writer.writeAtOnce(response) else { return false }
        self.finished(arrival.request, response, bytesIn: arrival.body?.count ?? 0, written, arrival.dispatcher)
        return true
    }

    /// To be called every now and then: cuts off a client that takes what was written too slowly.
    func checkPace(_ pace: Pace, now: NIODeadline) {
        guard self.reader.isTooSlow(on: self.stream, pace, now: now) else { return }
        self.stream.abandon(ProxyError(.cancelled, "the client takes the answer too slowly, or not at all"))
        self.stream.reset()
    }

    // MARK: Client's end

    private func inputClosed() {
        let written = self.stream.written
        self.worker.loop.assumeIsolated().scheduleTask(in: SilentClient.grace) { [weak self] in
            guard let self, let exchange = self.current else { return }
            switch exchange.step(hasSent: self.stream.written > written) {
            case .wait: break
            case .ask:
                self.stream.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
                self.stream.flush()
            case .giveUp: self.task?.cancel()
            }
        }
    }
}
