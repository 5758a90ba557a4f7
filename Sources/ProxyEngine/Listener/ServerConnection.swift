// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience

/// One downstream connection: takes its requests one after the other, and answers each before it takes the next, so
/// that pipelined requests are answered in their order.
final class ServerConnection {
    private let stream: ByteStream
    private let worker: Worker
    private let listener: Listener
    private let client: Request.Client
    private var task: Task<Void, Never>?
    /// Between two requests, so that nothing is lost by closing now.
    private var isIdle = true
    private var isDraining = false

    /// What is still read of a request that was answered early, so that the client gets to read the answer.
    private static let lingeringBytes = 1 << 20
    private static let lingeringTime = TimeAmount.seconds(2)

    init(_ stream: ByteStream, client: Request.Client, worker: Worker, listener: Listener) {
        self.stream = stream
        self.client = client
        self.worker = worker
        self.listener = listener
    }

    func start() {
        let connection = self.worker.bind(self)
        // Whoever goes away takes back what he asked for.
        self.stream.onClose = { [weak self] in self?.task?.cancel() }
        self.task = self.worker.start { await connection.value.serve() }
    }

    /// Ends the connection after the exchange that is going on, or now if there is none.
    func drain() {
        self.isDraining = true
        if self.isIdle { self.stream.close() }
    }

    /// Ends the connection now, whatever is going on.
    func cut() { self.stream.reset() }

    private func serve() async {
        var isFirst = true
        while let (head, dispatcher) = await self.nextHead(isFirst: isFirst) {
            isFirst = false
            guard await self.answer(head, dispatcher), !self.isDraining else { break }
        }
        self.stream.close()
        self.listener.remove(self, on: self.worker)
    }

    // MARK: Request

    private func nextHead(isFirst: Bool) async -> (RequestHead, Dispatcher)? {
        guard var dispatcher = self.listener.engine.dispatcher else { return nil }
        do throws(ByteStream.Interruption) {
            let settings = dispatcher.snapshot.configuration.downstream
            self.isIdle = true
            if self.stream.received.readableBytes == 0 {
                try await self.stream.receiveMore(
                    until: .now() + TimeAmount(isFirst ? settings.headerTimeout : settings.keepAlive)
                )
                // The request belongs to the configuration that it meets, not to that of the wait for it.
                dispatcher = self.listener.engine.dispatcher ?? dispatcher
            }
            self.isIdle = false
            return try await self.readHead(dispatcher)
        } catch {
            if case .timedOut = error, !self.isIdle {
                await self.refuse(ProxyError(.requestTimeout, "the header section stopped arriving"), dispatcher)
            }
            return nil
        }
    }

    private func readHead(_ dispatcher: Dispatcher) async throws(ByteStream.Interruption) -> (RequestHead, Dispatcher)?
    {
        let settings = dispatcher.snapshot.configuration.downstream
        var parser = RequestParser(limits: HeadLimits(settings))
        let deadline = NIODeadline.now() + TimeAmount(settings.headerTimeout)
        while true {
            do throws(HTTP1Error) {
                if let head = try parser.next(in: &self.stream.received) { return (head, dispatcher) }
            } catch {
                await self.refuse(ProxyError(error), dispatcher)
                return nil
            }
            try await self.stream.receiveMore(until: deadline)
        }
    }

    /// Answers what is no request, and closes.
    private func refuse(_ error: ProxyError, _ dispatcher: Dispatcher) async {
        let arrival = NIODeadline.now()
        let head = RequestHead(HTTPMethod(rawValue: "-"), "-")
        let request = Request(head, client: self.client, worker: self.worker, arrival: arrival)
        let response = error.response()
        let written = await self.writer(for: head, dispatcher, keepsAlive: false).write(response)
        self.finished(request, response, bytesIn: 0, written)
        await self.linger()
    }

    // MARK: Exchange

    /// Whether another request may follow.
    private func answer(_ head: RequestHead, _ dispatcher: Dispatcher) async -> Bool {
        let body: RequestBody?
        var request = Request(head, client: self.client, worker: self.worker)
        do throws(HTTP1Error) {
            let framing = try BodyFraming.ofRequest(head)
            let source =
                framing == .none
                ? nil
                : RequestBody(
                    framing,
                    from: self.stream,
                    awaitsContinue: head.expectsContinue,
                    idle: dispatcher.snapshot.configuration.downstream.idle
                )
            if let source { request.body = try source.available() }
            body = source
        } catch {
            await self.refuse(ProxyError(error), dispatcher)
            return false
        }
        request.onInterim = self.interimWriter(for: head)
        var response = await dispatcher.respond(to: request, at: self.listener.role)
        let keepsAlive = head.wantsKeepAlive && !self.isDraining && self.canSkipRest(of: body)
        let written = await self.writer(for: head, dispatcher, keepsAlive: keepsAlive).write(response)
        if let error = written.error {
            response.report.reason = error.kind.rawValue
            if error.kind == .cancelled { response.report.outcome = .cancelled }
        }
        self.finished(request, response, bytesIn: body?.count ?? 0, written)
        return await self.end(keepsAlive: keepsAlive, written, body)
    }

    private func finished(
        _ request: Request,
        _ response: Response,
        bytesIn: Int,
        _ written: ResponseWriter.Written
    ) {
        self.listener.engine.finished(
            request,
            response.finalReport,
            status: response.head.status,
            bytesIn: bytesIn,
            bytesOut: written.bytes,
            at: self.listener.role
        )
    }

    private func end(keepsAlive: Bool, _ written: ResponseWriter.Written, _ body: RequestBody?) async -> Bool {
        guard written.error == nil else {
            // A cut-off answer must not look like a whole one.
            self.stream.reset()
            return false
        }
        if keepsAlive, !written.endsWithConnection {
            guard let body, !body.isFinished else { return true }
            while let _ = try? await body.next() {}
            return body.isFinished
        }
        if let body, !body.isFinished { await self.linger() }
        return false
    }

    /// A short rest of content that nobody wanted is read and dropped; for a long one the connection is given up.
    private func canSkipRest(of body: RequestBody?) -> Bool {
        guard let body, !body.isFinished else { return true }
        guard !body.isHeldBack, let remaining = body.remaining else { return false }
        return remaining <= 64 << 10
    }

    private func writer(for head: RequestHead, _ dispatcher: Dispatcher, keepsAlive: Bool) -> ResponseWriter {
        ResponseWriter(
            stream: self.stream,
            method: head.method,
            minorVersion: head.minorVersion,
            keepsAlive: keepsAlive,
            idle: TimeAmount(dispatcher.snapshot.configuration.downstream.idle)
        )
    }

    private func interimWriter(for head: RequestHead) -> ((ResponseHead) -> Void)? {
        // HTTP/1.0 knows no interim responses (RFC 9110, 15.2).
        guard head.minorVersion >= 1 else { return nil }
        return { [stream] interim in
            var interim = interim
            HopByHop.remove(from: &interim.fields)
            interim.fields.remove("content-length")
            var buffer = ByteBuffer()
            HeadWriter.write(interim, to: &buffer)
            stream.write(buffer)
            stream.flush()
        }
    }

    /// RFC 9112, 9.6: closing while the client still sends would take the answer away from it.
    private func linger() async {
        self.stream.closeOutput()
        let end = NIODeadline.now() + Self.lingeringTime
        var dropped = 0
        while dropped < Self.lingeringBytes {
            dropped += self.stream.received.readableBytes
            self.stream.received.clear()
            guard (try? await self.stream.receiveMore(until: end)) != nil else { return }
        }
    }
}

extension RequestHead {
    fileprivate var expectsContinue: Bool {
        self.minorVersion >= 1 && self.fields["expect"]?.equalsIgnoringCase("100-continue") == true
    }

    /// RFC 9112, 9.3.
    fileprivate var wantsKeepAlive: Bool {
        self.minorVersion >= 1
            ? !self.fields.list("connection", contains: "close")
            : self.fields.list("connection", contains: "keep-alive")
    }
}

extension HeadLimits {
    fileprivate init(_ settings: DownstreamConfiguration) {
        self.init(line: settings.maxTarget, fields: settings.maxHeaderSize, count: settings.maxHeaderCount)
    }
}
