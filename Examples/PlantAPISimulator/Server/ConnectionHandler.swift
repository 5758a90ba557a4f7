// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Collects one request after the other and delivers the answers.
final class ConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    /// Beyond it the rest is read and dropped, so that the client gets to see the answer.
    private static let maxBody = 128 << 20

    private let answer: @Sendable (Request) async -> Reply
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var isTooLarge = false

    init(answer: @escaping @Sendable (Request) async -> Reply) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body = ByteBuffer()
            self.isTooLarge = false
            if head.headers.contains(name: "Expect") {
                context.writeAndFlush(
                    self.wrapOutboundOut(.head(.init(version: head.version, status: .continue))),
                    promise: nil
                )
            }
        case .body(var part):
            if self.body.readableBytes + part.readableBytes > Self.maxBody {
                self.isTooLarge = true
                self.body = ByteBuffer()
            }
            if !self.isTooLarge { self.body.writeBuffer(&part) }
        case .end:
            guard let head = self.head else { return }
            let request = Request(head, body: self.body, isTooLarge: self.isTooLarge)
            self.body = ByteBuffer()
            self.head = nil
            self.respond(to: request, of: head, context: context)
        }
    }

    private func respond(to request: Request, of head: HTTPRequestHead, context: ChannelHandlerContext) {
        let answer = self.answer
        context.eventLoop.makeFutureWithTask { await answer(request) }.assumeIsolated().whenSuccess { reply in
            guard reply.delay > 0 else { return self.deliver(reply, to: head, context: context) }
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(reply.delay))) {
                self.deliver(reply, to: head, context: context)
            }
        }
    }

    private func deliver(_ reply: Reply, to head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        switch reply.delivery {
        case .whole:
            self.write(reply, to: head, bytes: reply.body.readableBytes, context: context)
            let end = context.writeAndFlush(self.wrapOutboundOut(.end(nil)))
            if !head.isKeepAlive {
                end.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            }
        case .never:
            break
        case .reset:
            context.channel.reset()
        case .half(let isReset):
            self.write(reply, to: head, bytes: reply.body.readableBytes / 2, context: context)
            context.flush()
            // Apart from the bytes, so that the head arrives before the end of the connection.
            context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(30)) {
                isReset ? context.channel.reset() : context.close(promise: nil)
            }
        case .notHTTP:
            let encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
            encoder?.writeAndFlush(NIOAny(reply.body), promise: nil)
            context.close(promise: nil)
        }
    }

    private func write(_ reply: Reply, to head: HTTPRequestHead, bytes: Int, context: ChannelHandlerContext) {
        var answer = HTTPResponseHead(version: head.version, status: reply.status)
        for (name, value) in reply.headers { answer.headers.add(name: name, value: value) }
        answer.headers.add(name: "Content-Length", value: String(reply.body.readableBytes))
        if !head.isKeepAlive { answer.headers.add(name: "Connection", value: "close") }
        context.write(self.wrapOutboundOut(.head(answer)), promise: nil)
        guard head.method != .HEAD, let slice = reply.body.getSlice(at: reply.body.readerIndex, length: bytes) else {
            return
        }
        context.write(self.wrapOutboundOut(.body(.byteBuffer(slice))), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
