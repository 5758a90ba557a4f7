// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// A port of loopback, each connection to which goes through a tunnel of its own on a stream of one connection of HTTP/2
/// to a proxy: a client that knows nothing of streams meets the proxy there. A reset stays a reset, on both ways.
package final class StreamGateway: Sendable {
    package struct Record: Sendable {
        /// What the proxy said to each CONNECT.
        package var statuses: [String] = []
        /// With what it has reset streams.
        package var resets: [Int] = []
        /// Streams that are over.
        package var ended = 0
    }

    package let record = Watched(Record())
    package let port: Int
    /// The connection that carries the streams.
    private let outer: any Channel

    /// - Parameter fields: What comes with each CONNECT.
    package init(
        to port: Int,
        _ authority: String,
        _ fields: [(String, String)] = []
    ) async throws {
        let (loop, record) = (MultiThreadedEventLoopGroup.singleton.any(), self.record)
        self.outer = try await ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let codec = NIOHTTP2Handler(mode: .client, eventLoop: channel.eventLoop) { stream in
                        stream.eventLoop.makeSucceededVoidFuture()
                    }
                    try channel.pipeline.syncOperations.addHandler(codec)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .value("a connection")
        let streams = try await self.outer.pipeline.handler(type: NIOHTTP2Handler.self)
            .flatMap { $0.multiplexer }
            .value("a connection of HTTP/2")
        let head = HPACKHeaders([(":method", "CONNECT"), (":authority", authority)] + fields)
        let listener = try await ServerBootstrap(group: loop)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { socket in
                streams.createStreamChannel { stream in
                    stream.eventLoop.makeCompletedFuture {
                        try stream.syncOptions?.setOption(.autoRead, value: false)
                        try stream.pipeline.syncOperations.addHandler(StreamSide(socket, record, head))
                        try socket.pipeline.syncOperations.addHandler(SocketSide(stream))
                    }
                }
                .map { _ in }
            }
            .bind(host: "127.0.0.1", port: 0)
            .value("a listener to bind")
        self.port = listener.localAddress?.port ?? 0
        self.outer.closeFuture.whenComplete { _ in listener.close(promise: nil) }
    }

    package func client() async throws -> TestClient { try await TestClient(to: self.port) }

    /// Cuts the connection that carries the streams.
    package func abort() async throws {
        try await (self.outer as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
            .value("a socket option")
        try await self.outer.close().value("a close")
    }

    /// Returns when the proxy has closed the connection that carries the streams.
    package func ended() async throws { try await self.outer.closeFuture.value("the connection to end") }
}

/// What the client sends goes to the stream.
private final class SocketSide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let stream: any Channel
    private var hasEnded = false

    init(_ stream: any Channel) { self.stream = stream }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { self.send(self.unwrapInboundIn(data)) }

    func channelReadComplete(context: ChannelHandlerContext) { if self.stream.isWritable { context.read() } }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.stream.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return }
        self.hasEnded = true
        self.send(ByteBuffer(), endStream: true)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelInactive(context: ChannelHandlerContext) { if !self.hasEnded { self.stream.close(promise: nil) } }

    private func send(_ bytes: ByteBuffer, endStream: Bool = false) {
        let frame = HTTP2Frame.FramePayload.data(.init(data: .byteBuffer(bytes), endStream: endStream))
        self.stream.writeAndFlush(frame, promise: nil)
    }
}

/// What the proxy sends on the stream goes to the client.
private final class StreamSide: ChannelInboundHandler {
    typealias InboundIn = HTTP2Frame.FramePayload
    typealias OutboundOut = HTTP2Frame.FramePayload
    private let socket: any Channel
    private let record: Watched<StreamGateway.Record>
    private let head: HPACKHeaders
    private var hasEnded = false

    init(_ socket: any Channel, _ record: Watched<StreamGateway.Record>, _ head: HPACKHeaders) {
        self.socket = socket
        self.record = record
        self.head = head
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(self.wrapOutboundOut(.headers(.init(headers: self.head))), promise: nil)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .headers(let answer):
            let status = answer.headers.first(name: ":status") ?? ""
            self.record.update { $0.statuses.append(status) }
            if status == "200" { self.socket.read() } else { self.socket.close(promise: nil) }
        case .data(let data):
            if case .byteBuffer(let bytes) = data.data { self.socket.writeAndFlush(bytes, promise: nil) }
            guard data.endStream else { return }
            self.hasEnded = true
            self.socket.close(mode: .output, promise: nil)
        default: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { if self.socket.isWritable { context.read() } }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { self.socket.read() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let code = (error as? NIOHTTP2Errors.StreamClosed)?.errorCode else { return }
        self.record.update { $0.resets.append(code.networkCode) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.record.update { $0.ended += 1 }
        if !self.hasEnded {
            _ = (self.socket as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        }
        self.socket.close(promise: nil)
    }
}
