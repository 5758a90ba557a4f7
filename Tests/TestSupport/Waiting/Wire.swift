// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOSSL

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// One end of a connection as raw bytes: what the test client and the faulty upstream are both made of.
///
/// It reads from the socket only while somebody waits for bytes, so that a peer meets real back pressure.
package final class Wire: Sendable {
    /// How the peer ended what it sends.
    package enum End: String, Sendable {
        /// With a FIN; under TLS after a `close_notify`.
        case finished
        /// With a reset, or under TLS without a `close_notify`.
        case reset
    }

    package struct Inbox: Sendable {
        /// Received and not yet taken.
        package var bytes = ByteBuffer()
        package var end: End?
        package var received = 0
        /// Octets that the socket has taken.
        package var sent = 0
        fileprivate var isWanted = false
    }

    let channel: any Channel
    package let inbox = Watched(Inbox())

    private init(_ channel: any Channel) { self.channel = channel }

    /// Makes the channel a wire. To be called in the channel's initializer; the channel must not read by itself.
    static func install(on channel: any Channel) throws -> Wire {
        let wire = Wire(channel)
        try channel.pipeline.syncOperations.addHandler(WireHandler(inbox: wire.inbox))
        return wire
    }

    // MARK: Reading

    /// Takes what `take` finds at the front of the received bytes, reading more until it finds something.
    ///
    /// - Throws: ``WireEnded`` when the peer has ended and `take` found nothing, ``TooLate`` at the limit.
    package func receive<Value: Sendable>(
        _ what: String,
        upTo limit: Duration = .seconds(60),
        _ take: @escaping @Sendable (inout ByteBuffer) throws -> Value?
    ) async throws -> Value {
        self.inbox.update { $0.isWanted = true }
        self.channel.read()
        return try await self.inbox.wait(for: what, upTo: limit) { inbox in
            if let value = try take(&inbox.bytes) {
                inbox.isWanted = false
                return value
            }
            if let end = inbox.end { throw WireEnded(end: end, rest: String(buffer: inbox.bytes)) }
            return nil
        }
    }

    /// Waits until the peer has ended; bytes before that are read and dropped.
    package func end(upTo limit: Duration = .seconds(60)) async throws -> End {
        do {
            return try await self.receive("the end of the connection", upTo: limit) { bytes in
                bytes.clear()
                return nil
            }
        } catch let error as WireEnded {
            return error.end
        }
    }

    /// Waits until the peer has gone without taking a byte off the socket.
    package func gone(upTo limit: Duration = .seconds(60)) async throws -> End {
        try await self.inbox.wait(for: "the peer to go away", upTo: limit) { $0.end }
    }

    // MARK: Writing

    /// Sends, and returns when the socket has taken everything.
    package func send(_ bytes: ByteBuffer, upTo limit: Duration = .seconds(60)) async throws {
        var rest = bytes
        while let piece = rest.readSlice(length: min(64 << 10, rest.readableBytes)), piece.readableBytes > 0 {
            try await self.channel.writeAndFlush(piece).value("the peer to take bytes", upTo: limit)
            let count = piece.readableBytes
            self.inbox.update { $0.sent += count }
        }
    }

    /// Ends what this side sends; the other direction stays open.
    package func halfClose() async throws {
        try await self.channel.close(mode: .output).value("a half close")
    }

    package func close() async {
        try? await self.channel.close().value("a close")
    }

    /// Ends the connection with a reset.
    package func reset() async {
        let lingerNot = linger(l_onoff: 1, l_linger: 0)
        try? await (self.channel as? any SocketOptionProvider)?.setSoLinger(lingerNot).value("a socket option")
        // Past TLS, which would say goodbye first.
        let channel = self.channel
        try? await channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let tls =
                (try? pipeline.context(handlerType: NIOSSLServerHandler.self))
                ?? (try? pipeline.context(handlerType: NIOSSLClientHandler.self))
            tls?.close(promise: nil)
        }.value("a reset")
        await self.close()
    }
}

package struct WireEnded: Error, CustomStringConvertible {
    package let end: Wire.End
    /// What had come before the end.
    package let rest: String
    package var description: String {
        "the connection ended (\(self.end.rawValue)) after \(self.rest.debugDescription)"
    }
}

private final class WireHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let inbox: Watched<Wire.Inbox>

    init(inbox: Watched<Wire.Inbox>) { self.inbox = inbox }

    /// A read that was asked for before the channel was active is forgotten by it.
    func channelActive(context: ChannelHandlerContext) {
        if self.inbox.value.isWanted { context.read() }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.inbox.update { inbox in
            inbox.received += bytes.readableBytes
            inbox.bytes.writeImmutableBuffer(bytes)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if self.inbox.value.isWanted { context.read() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { self.ended(.finished) }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.ended(.reset)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { self.ended(.finished) }

    private func ended(_ end: Wire.End) {
        self.inbox.update { $0.end = $0.end ?? end }
    }
}
