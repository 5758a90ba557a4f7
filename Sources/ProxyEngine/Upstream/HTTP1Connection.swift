// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// One HTTP/1.1 connection to an upstream, used for one request at a time.
final class HTTP1Connection: UpstreamConnection {
    let stream: ByteStream
    private(set) var isReused = false
    var isRefused: Bool { false }
    private let pool: ConnectionPool
    private var parser = ResponseParser()
    private var decoder = BodyDecoder(.none)
    private var scratch: ByteBuffer
    private var sendsChunks = false
    /// Whether it outlives the response that is being read.
    private var isPersistent = false

    init(_ stream: ByteStream, pool: ConnectionPool) {
        self.stream = stream
        self.pool = pool
        self.scratch = ByteBufferAllocator().buffer(capacity: 1024)
    }

    func markReused() {
        self.isReused = true
    }

    // MARK: Request

    func write(_ head: RequestHead, content: ByteBuffer?) {
        self.scratch.clear()
        HeadWriter.write(head, to: &self.scratch)
        if var content, content.readableBytes <= 16 << 10 {
            // One small write is cheaper than two.
            self.scratch.writeBuffer(&content)
            self.stream.write(self.scratch)
        } else {
            self.stream.write(self.scratch)
            if let content { self.stream.write(content) }
        }
        self.sendsChunks = content == nil && head.fields.contains("transfer-encoding")
    }

    func write(_ piece: ByteBuffer) {
        if self.sendsChunks { self.stream.writeChunk(piece) } else { self.stream.write(piece) }
    }

    func writeEnd(trailers: HeaderFields?) {
        guard self.sendsChunks else { return }
        var end = ByteBuffer()
        HeadWriter.writeLastChunk(trailers: trailers, to: &end)
        self.stream.write(end)
    }

    // MARK: Response

    func takeHead() throws(HTTP1Error) -> ResponseHead? {
        try self.parser.next(in: &self.stream.received)
    }

    func beginContent(of head: ResponseHead, to method: HTTPMethod) throws(HTTP1Error) -> Int? {
        let framing = try BodyFraming.ofResponse(head, to: method)
        self.decoder = BodyDecoder(framing, of: head.fields)
        self.isPersistent =
            framing != .untilClose && head.fields.keepAlive(in: head.version) && !BodyFraming.isContradicted(by: head)
        return framing.length
    }

    func takeContent() throws(HTTP1Error) -> BodyDecoder.Piece {
        try self.decoder.next(in: &self.stream.received)
    }

    func inputEnded() -> Bool { self.decoder.inputEnded() }

    // MARK: End

    func release() {
        if self.isPersistent { self.pool.release(self) } else { self.stream.close() }
    }

    func reset(isSilent: Bool) { self.stream.reset() }
}
