// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOHPACK
import NIOHTTP2

/// One request and its answer on a stream of an upstream's connection of HTTP/2.
final class HTTP2Exchange: UpstreamConnection {
    let stream: ByteStream
    private let hasServed: Bool
    private let framing: StreamFraming
    private let channel: any Channel
    private let session: UpstreamSession
    private let isTLS: Bool
    private var hasContent = true
    private var trailers: HeaderFields?

    init(
        _ stream: ByteStream,
        _ framing: StreamFraming,
        on channel: any Channel,
        of session: UpstreamSession,
        isTLS: Bool,
        hasServed: Bool
    ) {
        self.stream = stream
        self.framing = framing
        self.channel = channel
        self.session = session
        self.isTLS = isTLS
        self.hasServed = hasServed
    }

    /// A stream that alone has ended says nothing of the connection, nor does one that ended since it was used wrongly.
    var isReused: Bool { self.hasServed && self.session.hasDied }

    var isRefused: Bool {
        if self.framing.resetCode == .refusedStream { return true }
        guard let last = self.session.lastProcessed else { return false }
        // A stream without a number has never left.
        guard let id = try? self.channel.syncOptions?.getOption(HTTP2StreamChannelOptions.streamID) else { return true }
        return id > last
    }

    // MARK: Request

    func write(_ head: RequestHead, content: ByteBuffer?) {
        let isEmpty = content?.readableBytes == 0
        self.framing.send(HPACKHeaders(head, isTLS: self.isTLS), endStream: isEmpty)
        if let content, !isEmpty { self.framing.sendLast(content) }
    }

    func write(_ piece: ByteBuffer) { self.stream.write(piece) }

    func writeEnd(trailers: HeaderFields?) {
        // Those that are too long are left out, as anybody may (RFC 9110, 6.5.1).
        guard let trailers, !trailers.isEmpty, trailers.fitOneFrame() else {
            return self.framing.sendLast(ByteBuffer())
        }
        self.framing.send(HPACKHeaders(trailers: trailers), endStream: true)
    }

    // MARK: Response

    func takeHead() throws(HTTP1Error) -> ResponseHead? {
        guard let section = self.framing.takeSection() else {
            // RFC 9113, 8.1: behind an interim answer, or content without a head, there has to come something.
            if self.framing.hasEnded { throw .malformed("the stream ended before the answer") }
            return nil
        }
        return try ResponseHead(section)
    }

    func beginContent(of head: ResponseHead, to method: HTTPMethod) throws(HTTP1Error) -> Int? {
        self.hasContent = head.mayHaveContent(to: method)
        guard self.hasContent else { return 0 }
        // Equal lines and a sum that holds are made sure of where the frames are read.
        return head.fields["content-length"].flatMap { Int($0) }
    }

    func takeContent() throws(HTTP1Error) -> BodyDecoder.Piece {
        guard self.hasContent else { return .end(trailers: nil) }
        if self.stream.received.readableBytes > 0 {
            let piece = self.stream.received
            self.stream.received = ByteBuffer()
            return .bytes(piece)
        }
        guard self.framing.hasEnded else { return .needsMore }
        self.trailers = self.trailers ?? self.framing.takeTrailers()
        return .end(trailers: self.trailers)
    }

    func inputEnded() -> Bool { self.framing.hasEnded }

    // MARK: End

    func release() {
        if !self.framing.hasEnded { self.framing.reset(.noError) }
    }

    func reset(isSilent: Bool) {
        self.stream.reset()
        if isSilent { self.session.leave() }
    }
}
