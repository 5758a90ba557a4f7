// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// One HTTP/1.1 connection to an upstream, used for one request at a time.
final class UpstreamConnection {
    let stream: ByteStream
    /// Whether it has served a request before: only then may a dead connection be the pool's fault.
    private(set) var isReused = false
    private var parser = ResponseParser()
    private var scratch: ByteBuffer

    /// Interim responses before a final one; more is a flood.
    private static let maxInterim = 16

    init(_ stream: ByteStream) {
        self.stream = stream
        self.scratch = ByteBufferAllocator().buffer(capacity: 1024)
    }

    func markReused() {
        self.isReused = true
    }

    /// Queues a head, with the content where it is whole; nothing is sent before a flush.
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
    }

    /// The final response's head. Interim ones are passed on, except 100, which this proxy has answered itself.
    ///
    /// - Parameter phase: What is waited for; asked anew for each wait, since the end of the request moves it.
    func receiveHead(
        by phase: () -> Phase,
        onInterim: ((ResponseHead) -> Void)?
    ) async throws(ProxyError) -> ResponseHead {
        var interim = 0
        while true {
            do throws(HTTP1Error) {
                while let head = try self.parser.next(in: &self.stream.received) {
                    guard head.status < 200 else { return head }
                    interim += 1
                    guard interim <= Self.maxInterim, head.status != 101 else {
                        throw .malformed("an interim response that was not asked for")
                    }
                    if head.status != 100 { onInterim?(head) }
                }
            } catch {
                throw ProxyError(.protocolError, error.detail)
            }
            do throws(ByteStream.Interruption) {
                try await self.stream.receiveMore(until: phase().end)
            } catch {
                // Asked once more, since the step that was too slow may have begun while this one waited.
                throw Self.error(for: error, phase(), incomplete: self.stream.received.readableBytes > 0)
            }
        }
    }

    /// - Parameter incomplete: Whether a part of the answer had come.
    static func error(for interruption: ByteStream.Interruption, _ phase: Phase, incomplete: Bool) -> ProxyError {
        switch interruption {
        case .timedOut: phase.error
        case .cancelled: ProxyError(.cancelled, "the client went away")
        case .abandoned(let reason): reason
        case .ended:
            incomplete
                ? ProxyError(.incomplete, "the connection ended within the answer")
                : ProxyError(.reset, "the connection was closed before an answer")
        }
    }
}
