// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Streams a request's content to the upstream while the exchange already waits for the answer.
///
/// It is a task of its own because an upstream may answer before it has read everything, and then the answer counts.
final class BodySender {
    /// What is written at once; between two of them the upstream's pace is waited for.
    static let pieceSize = 64 << 10

    private let source: any BodySource
    private let stream: ByteStream
    private let deadline: ExchangeDeadline
    private let isChunked: Bool
    private var task: Task<Void, Never>?
    /// When the last piece was sent.
    private(set) var finished: NIODeadline?

    init(_ request: OutgoingRequest, on stream: ByteStream, deadline: ExchangeDeadline) {
        switch request.body {
        case .whole(let content): self.source = SlicedBody(content, pieceSize: Self.pieceSize)
        case .stream(let source): self.source = source
        }
        self.isChunked = request.body.length == nil
        self.stream = stream
        self.deadline = deadline
    }

    func start(on worker: Worker) {
        let sender = worker.bind(self)
        self.task = worker.start { await sender.value.run() }
    }

    /// Stops sending; whoever waits for the answer is not disturbed.
    func cancel() {
        guard self.finished == nil else { return }
        self.task?.cancel()
        self.source.abandon()
    }

    private func run() async {
        do throws(ProxyError) {
            while let piece = try await self.source.next() {
                try await self.send(piece)
            }
            if self.isChunked { try await self.sendEnd() } else { try await self.flush() }
            let now = NIODeadline.now()
            self.finished = now
            self.stream.moveReadDeadline(to: self.deadline.phase(.firstByteTimeout, now: now).end)
        } catch {
            // The end of the connection is seen by the reader too, which may find an answer before it.
            if error.kind != .reset { self.stream.abandon(error) }
        }
    }

    private func send(_ piece: ByteBuffer) async throws(ProxyError) {
        if self.isChunked {
            var head = ByteBuffer()
            HeadWriter.writeChunkHead(size: piece.readableBytes, to: &head)
            self.stream.write(head)
            self.stream.write(piece)
            self.stream.write(ByteBuffer(staticString: "\r\n"))
        } else {
            self.stream.write(piece)
        }
        try await self.flush()
    }

    private func sendEnd() async throws(ProxyError) {
        var end = ByteBuffer()
        HeadWriter.writeLastChunk(trailers: self.source.trailers, to: &end)
        self.stream.write(end)
        try await self.flush()
    }

    private func flush() async throws(ProxyError) {
        let phase = self.deadline.phase(.idleTimeout)
        do throws(ByteStream.Interruption) {
            try await self.stream.flush(until: phase.end)
        } catch {
            throw UpstreamConnection.error(for: error, phase, incomplete: false)
        }
    }
}

/// Content that is here, in pieces that are sent at the upstream's pace.
private final class SlicedBody: BodySource {
    private var content: ByteBuffer
    private let pieceSize: Int
    let length: Int?
    var trailers: HeaderFields? { nil }

    init(_ content: ByteBuffer, pieceSize: Int) {
        self.content = content
        self.length = content.readableBytes
        self.pieceSize = pieceSize
    }

    func next() async throws(ProxyError) -> ByteBuffer? {
        guard self.content.readableBytes > 0 else { return nil }
        return self.content.readSlice(length: min(self.pieceSize, self.content.readableBytes))
    }

    func abandon() { self.content.clear() }
}
