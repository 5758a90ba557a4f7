// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOHPACK
import NIOHTTP2
import Resilience

/// One stream of a downstream connection of HTTP/2: one request with its answer, by the same way as those of HTTP/1.
final class ServerStream {
    let stream: ByteStream
    let framing: StreamFraming
    let worker: Worker
    let listener: Listener
    let client: Request.Client
    /// As whose its connection is counted.
    let origin: ConnectionGate.Origin?
    /// Called when the client does not take what it is sent.
    private let onTooSlow: () -> Void
    private var task: Task<Void, Never>?

    init(
        _ stream: ByteStream,
        _ framing: StreamFraming,
        client: Request.Client,
        origin: ConnectionGate.Origin?,
        worker: Worker,
        listener: Listener,
        onTooSlow: @escaping () -> Void
    ) {
        self.stream = stream
        self.framing = framing
        self.onTooSlow = onTooSlow
        self.client = client
        self.origin = origin
        self.worker = worker
        self.listener = listener
    }

    func start() {
        let bound = self.worker.bind(self)
        self.framing.onFirstHead = { bound.value.begin() }
        // Whoever goes away takes back what he asked for.
        self.stream.onClose = { bound.value.ended() }
    }

    private func begin() {
        let bound = self.worker.bind(self)
        self.task = self.worker.start { await bound.value.serve() }
    }

    private func ended() {
        // The end of a stream whose answer is complete is the usual end.
        if !self.framing.isEndSent { self.task?.cancel() }
        self.framing.onFirstHead = nil
    }

    private func serve() async {
        guard let section = self.framing.takeSection(), let dispatcher = self.listener.engine.dispatcher else {
            return self.framing.reset(.internalError)
        }
        do throws(HTTP2Rejection) {
            let head = try RequestHead(section, limits: dispatcher.clients.limits)
            let isOutside = self.listener.role == .main && self.client.tunnel == nil && head.method != .connect
            await self.answer(isOutside ? dispatcher.main.addressed(head) : head, dispatcher)
        } catch {
            switch error {
            case .malformed: self.reject(dispatcher)
            case .refused(let error): await self.refuse(ProxyError(error), dispatcher)
            }
        }
    }

    private func answer(_ head: RequestHead, _ dispatcher: Dispatcher) async {
        // What comes behind it is the tunnel's.
        if head.method == .connect { return await self.connect(head, dispatcher) }
        let body = self.body(of: head, pace: dispatcher.clients.pace)
        let request = Request(
            head,
            nil,
            body: body.available(),
            client: self.client,
            worker: self.worker
        ) { [framing, stream] interim in
            framing.sendInterim(interim)
            stream.flush()
        }
        let response = await dispatcher.begin(request, at: self.listener).response().asHTTP2()
        await self.finish(request, with: response, content: body, dispatcher)
    }

    /// Answers what is understood and not taken.
    private func refuse(_ error: ProxyError, _ dispatcher: Dispatcher) async {
        await self.finish(self.unknownRequest, with: error.response(), dispatcher)
    }

    /// RFC 9113, 8.1.1: what is malformed gets a reset in place of an answer, and a line like every other.
    private func reject(_ dispatcher: Dispatcher) {
        self.framing.reset(.protocolError)
        let response = ProxyError(.badRequest, "the header section is malformed").response()
        self.finished(self.unknownRequest, response, bytesIn: 0, ResponseWriter.Written(), dispatcher)
    }

    /// What stands in the log for what was no request.
    private var unknownRequest: Request {
        Request(RequestHead(HTTPMethod(rawValue: "-"), "-"), client: self.client, worker: self.worker)
    }

    private func body(of head: RequestHead, pace: Pace) -> StreamBody {
        let isHeldBack = head.fields["expect"]?.equalsIgnoringCase("100-continue") == true
        // Equal lines and a sum that holds are made sure of where the frames are read.
        let length = self.framing.hasEnded ? nil : head.fields["content-length"].flatMap { Int($0) }
        return StreamBody(
            length: length,
            from: self.stream,
            self.framing,
            pace: pace,
            askForContent: isHeldBack
                ? { [framing, stream] in
                    framing.sendInterim(ResponseHead(100))
                    stream.flush()
                } : nil
        )
    }

    /// Answers, and ends the request.
    func finish(
        _ request: Request,
        with response: Response,
        content: StreamBody? = nil,
        _ dispatcher: Dispatcher
    ) async {
        let writer = StreamResponseWriter(
            stream: self.stream,
            framing: self.framing,
            method: request.head.method,
            pace: dispatcher.clients.pace,
            onTooSlow: self.onTooSlow
        )
        let written = await writer.write(response)
        if let error = written.error { self.framing.reset(error.kind == .cancelled ? .cancel : .internalError) }
        self.finished(request, response, bytesIn: content?.count ?? 0, written, dispatcher)
        guard written.error == nil, !self.framing.hasEnded else { return }
        // RFC 9113, 8.1: the answer is complete, the rest of the request is not wanted. Some clients that are told so
        // while they send never read the answer.
        await self.stream.dropRest(idle: .seconds(1)) { [framing] in framing.hasEnded }
        if !self.framing.hasEnded { self.framing.reset(.noError) }
    }

    func finished(
        _ request: Request,
        _ response: Response,
        bytesIn: Int,
        _ written: ResponseWriter.Written,
        _ dispatcher: Dispatcher
    ) {
        self.listener.engine.finished(
            request,
            response,
            bytesIn: bytesIn,
            written,
            at: self.listener.role,
            masked: dispatcher.mask
        )
    }
}

extension Response {
    /// What stands in its place if its head cannot go as it is.
    fileprivate func asHTTP2() -> Response {
        guard !self.head.fields.areUTF8 else { return self }
        if case .stream(let source) = self.body { source.abandon() }
        var response = ProxyError(
            .protocolError,
            "a field value of the answer is not UTF-8: ask by HTTP/1.1"
        ).response()
        let reason = response.report.reason
        response.report = self.report
        response.report.reason = reason
        response.end = self.end
        return response
    }
}

extension StreamFraming {
    /// An interim response on its way through; nothing of it is between neighbours.
    fileprivate func sendInterim(_ head: ResponseHead) {
        guard head.fields.areUTF8 else { return }
        var head = head
        HopByHop.remove(from: &head.fields)
        head.fields.remove("content-length")
        self.send(HPACKHeaders(head), endStream: false)
    }
}
