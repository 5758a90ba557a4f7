// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Streams a request's content to the upstream while the exchange already waits for the answer.
///
/// It is a task of its own because an upstream may answer before it has read everything, and then the answer counts.
final class BodySender {
    /// What is written at once; between two of them the upstream's pace is waited for.
    static let pieceSize = 64 << 10

    private let request: OutgoingRequest
    private let source: any BodySource
    private let connection: any UpstreamConnection
    private let deadline: ExchangeDeadline
    private var task: Task<Void, Never>?
    /// When the last piece was sent.
    private(set) var finished: NIODeadline?

    init(_ request: OutgoingRequest, on connection: any UpstreamConnection, deadline: ExchangeDeadline) {
        self.request = request
        switch request.body {
        case .whole(let content): self.source = SlicedBody(content, pieceSize: Self.pieceSize)
        case .stream(let source): self.source = source
        }
        self.connection = connection
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
                self.connection.write(piece)
                try await self.flush()
            }
            self.connection.writeEnd(trailers: self.request.trailers(self.source.trailers))
            try await self.flush()
            let now = NIODeadline.now()
            self.finished = now
            self.connection.stream.moveReadDeadline(to: self.deadline.phase(.firstByteTimeout, now: now).end)
        } catch {
            // The end of the connection is seen by the reader too, which may find an answer before it.
            if error.kind != .reset { self.connection.stream.abandon(error) }
        }
    }

    private func flush() async throws(ProxyError) {
        let phase = self.deadline.phase(.idleTimeout)
        do throws(ByteStream.Interruption) {
            try await self.connection.stream.flush(until: phase.end)
        } catch {
            throw ProxyError(error, phase, incomplete: false)
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
