// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOHPACK

/// Writes one response to a stream of HTTP/2, at the client's pace.
struct StreamResponseWriter {
    let stream: ByteStream
    let framing: StreamFraming
    let method: HTTPMethod
    /// How fast the client has to take it.
    let pace: Pace
    /// Called when the client does not keep that pace.
    let onTooSlow: () -> Void

    /// Returns when everything has left, or the rest was given up.
    func write(_ response: Response) async -> ResponseWriter.Written {
        var head = response.head
        let hasContent = head.mayHaveContent(to: self.method)
        // RFC 9110, 8.6: a server must not tell a length here, whatever its upstream does.
        if head.status == 204 { head.fields.remove("content-length") }
        if !head.fields.contains("date") { head.fields.add("Date", DateField.now) }
        switch response.body {
        case .whole(let content):
            if hasContent || content.readableBytes > 0 && head.status != 204 {
                head.fields.set("Content-Length", String(content.readableBytes))
            }
            return await self.write(head, hasContent ? content : ByteBuffer())
        case .stream(let source):
            head.fields.remove("content-length")
            if let length = source.length { head.fields.add("Content-Length", String(length)) }
            return await self.write(head, source)
        }
    }

    private func write(_ head: ResponseHead, _ content: ByteBuffer) async -> ResponseWriter.Written {
        let isEmpty = content.readableBytes == 0
        self.framing.send(HPACKHeaders(head), endStream: isEmpty)
        if !isEmpty { self.framing.sendLast(content) }
        var written = ResponseWriter.Written(bytes: content.readableBytes)
        written.error = await self.finish()
        return written
    }

    private func write(_ head: ResponseHead, _ source: any BodySource) async -> ResponseWriter.Written {
        var written = ResponseWriter.Written()
        self.framing.send(HPACKHeaders(head), endStream: false)
        // Whoever waits for events wants the head before the first of them.
        if !(source is PrefixedBody) { self.stream.flush() }
        do throws(ProxyError) {
            while let piece = try await source.next() {
                written.bytes += piece.readableBytes
                self.stream.write(piece)
                if let error = await self.flush() { throw error }
            }
            self.sendEnd(source.trailers)
            written.error = await self.finish()
        } catch {
            source.abandon()
            written.error = error
        }
        return written
    }

    private func sendEnd(_ trailers: HeaderFields?) {
        guard let trailers, !trailers.isEmpty else { return self.framing.sendLast(ByteBuffer()) }
        self.framing.send(HPACKHeaders(trailers: trailers), endStream: true)
    }

    // MARK: Waiting

    private func flush() async -> ProxyError? {
        self.stream.flush()
        return await self.wait { self.stream.isWritable }
    }

    /// Sends the rest and waits until it has left: what the client's window holds back does not end with the exchange.
    private func finish() async -> ProxyError? {
        self.framing.onEndSent = { [stream] in stream.resumeWriter() }
        self.stream.flush()
        return await self.wait { self.framing.isEndSent }
    }

    /// A client that keeps its window narrow is as slow a reader as one that does not read.
    private func wait(until isDone: () -> Bool) async -> ProxyError? {
        var pace = self.pace
        while !isDone() {
            let (start, taken) = (NIODeadline.now(), self.framing.taken)
            do throws(ByteStream.Interruption) {
                try await self.stream.waitForWriter(until: start + pace.left)
            } catch {
                switch error {
                // The stream ends with its last frame.
                case .ended where self.framing.isEndSent: return nil
                case .timedOut: break
                case .abandoned(let reason): return reason
                case .ended, .cancelled: return ProxyError(.cancelled, "the client went away")
                }
            }
            pace.waited(.now() - start, for: self.framing.taken - taken)
            if pace.isOver, !isDone() {
                self.onTooSlow()
                return ProxyError(.cancelled, "the client takes the answer too slowly, or not at all")
            }
        }
        return nil
    }
}
