// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// The content of a downstream request that came on a stream of HTTP/2.
final class StreamBody: BodySource {
    let length: Int?
    private(set) var trailers: HeaderFields?
    /// Octets that were taken.
    private(set) var count = 0
    private let stream: ByteStream
    private let framing: StreamFraming
    private var pace: Pace
    /// Called once, before the first wait, where the client holds the content back (RFC 9110, 10.1.1).
    private var askForContent: (() -> Void)?

    init(
        length: Int?,
        from stream: ByteStream,
        _ framing: StreamFraming,
        pace: Pace,
        askForContent: (() -> Void)?
    ) {
        self.length = length
        self.stream = stream
        self.framing = framing
        self.pace = pace
        self.askForContent = askForContent
    }

    /// All of the content in one piece if it came with the head, else a stream.
    func available() -> Body {
        guard self.framing.hasEnded else { return .stream(self) }
        let content = self.take()
        self.trailers = self.trailers ?? self.framing.takeTrailers()
        // Whoever wants the trailers finds them behind the content only.
        return self.trailers == nil ? .whole(content) : .stream(PrefixedBody(content, then: self))
    }

    func next() async throws(ProxyError) -> ByteBuffer? {
        while self.stream.received.readableBytes == 0 {
            if self.framing.hasEnded {
                self.trailers = self.trailers ?? self.framing.takeTrailers()
                return nil
            }
            self.askForContent?()
            self.askForContent = nil
            try await self.receiveMore()
        }
        return self.take()
    }

    func abandon() {}

    private func take() -> ByteBuffer {
        let piece = self.stream.received
        self.stream.received = ByteBuffer()
        self.count += piece.readableBytes
        return piece
    }

    private func receiveMore() async throws(ProxyError) {
        do throws(ByteStream.Interruption) {
            self.pace = try await self.stream.receiveMore(at: self.pace)
        } catch {
            // What came before the end is whole.
            if case .ended = error, self.framing.hasEnded { return }
            throw ProxyError(withinContent: error)
        }
    }
}
