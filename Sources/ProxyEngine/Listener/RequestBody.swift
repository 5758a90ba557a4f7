// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// The content of a downstream request, read from its connection at the pace of whoever wants it.
final class RequestBody: BodySource {
    let length: Int?
    private(set) var trailers: HeaderFields?
    /// Octets that were taken.
    private(set) var count = 0
    private let stream: ByteStream
    private var pace: Pace
    private var decoder: BodyDecoder
    /// The client holds the content back until it is asked for (RFC 9110, 10.1.1).
    private var awaitsContinue: Bool

    init(
        _ framing: BodyFraming,
        of head: borrowing RequestHead,
        from stream: ByteStream,
        awaitsContinue: Bool,
        pace: Pace
    ) {
        self.length = framing.length
        self.decoder = BodyDecoder(framing, of: head.fields)
        self.stream = stream
        self.awaitsContinue = awaitsContinue
        self.pace = pace
    }

    var isFinished: Bool { self.decoder.isFinished }

    /// Octets that are still to come, where that is known.
    var remaining: Int? { self.length.map { $0 - self.count } }

    /// Whether the client sends its content only if it is asked to, and has not been asked.
    var isHeldBack: Bool { self.awaitsContinue && self.count == 0 }

    /// All of the content in one piece if it came with the head, else a stream.
    func available() throws(HTTP1Error) -> Body {
        guard let length = self.length else { return try self.availableChunks() }
        guard self.stream.received.readableBytes >= length else { return .stream(self) }
        switch try self.decoder.next(in: &self.stream.received) {
        case .bytes(let content):
            self.count = content.readableBytes
            return .whole(content)
        case .end: return .empty
        case .needsMore: return .stream(self)
        }
    }

    /// Takes the chunks that came with the head, so that a request which is malformed there disturbs nobody.
    private func availableChunks() throws(HTTP1Error) -> Body {
        var content = ByteBuffer()
        while case .bytes(let piece) = try self.decoder.next(in: &self.stream.received) {
            content.writeImmutableBuffer(piece)
        }
        guard content.readableBytes > 0 else { return .stream(self) }
        self.count = content.readableBytes
        return .stream(PrefixedBody(content, then: self))
    }

    func next() async throws(ProxyError) -> ByteBuffer? {
        while true {
            switch try self.decode() {
            case .bytes(let piece):
                self.count += piece.readableBytes
                return piece
            case .end(let trailers):
                self.trailers = trailers
                return nil
            case .needsMore:
                self.askForContent()
                try await self.receiveMore()
            }
        }
    }

    /// The connection reads on behind it, or closes: that is the connection's business.
    func abandon() {}

    private func decode() throws(ProxyError) -> BodyDecoder.Piece {
        do throws(HTTP1Error) {
            return try self.decoder.next(in: &self.stream.received)
        } catch {
            throw ProxyError(error)
        }
    }

    private func askForContent() {
        guard self.awaitsContinue else { return }
        self.awaitsContinue = false
        self.stream.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
        self.stream.flush()
    }

    private func receiveMore() async throws(ProxyError) {
        do throws(ByteStream.Interruption) {
            self.pace = try await self.stream.receiveMore(at: self.pace)
        } catch {
            if case .ended = error, self.stream.isOpen {
                throw ProxyError(.badRequest, "the request ended within its content")
            }
            throw ProxyError(withinContent: error)
        }
    }
}

extension ProxyError {
    /// Why no more of a request's content comes.
    init(withinContent interruption: ByteStream.Interruption) {
        switch interruption {
        case .timedOut: self.init(.requestTimeout, "the content arrives too slowly, or not at all")
        case .abandoned(let reason): self = reason
        case .ended, .cancelled: self.init(.cancelled, "the client went away within its request")
        }
    }

    /// What is wrong with a client's bytes.
    init(_ error: HTTP1Error) {
        let kind: Kind =
            switch error {
            case .malformed, .foreign: .badRequest
            case .targetTooLong: .targetTooLong
            case .headTooLarge: .headersTooLarge
            case .unsupportedVersion: .versionNotSupported
            case .notImplemented: .notImplemented
            case .bodyTooLarge: .contentTooLarge
            }
        self.init(kind, error.detail)
    }
}
