// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Writes one response to a client, at the client's pace.
struct ResponseWriter {
    let stream: ByteStream
    let method: HTTPMethod
    let minorVersion: Int
    /// Whether another request may follow on the connection.
    let keepsAlive: Bool
    /// How long the client may take nothing.
    let idle: TimeAmount

    /// Heads with content up to this size are one write.
    private static let smallContent = 16 << 10

    struct Written {
        var bytes = 0
        /// Why the response is not whole; the connection must be reset.
        var error: ProxyError?
        /// Whether the response ends only with the connection.
        var endsWithConnection = false
    }

    func write(_ response: Response) async -> Written {
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
            self.addConnection(&head.fields, keepsAlive: self.keepsAlive)
            return await self.write(head, hasContent ? content : ByteBuffer())
        case .stream(let source):
            return await self.write(head, source)
        }
    }

    private func write(_ head: ResponseHead, _ content: ByteBuffer) async -> Written {
        var content = content
        let length = content.readableBytes
        var buffer = self.headBuffer(head, reserving: length <= Self.smallContent ? length : 0)
        if length <= Self.smallContent {
            buffer.writeBuffer(&content)
            self.stream.write(buffer)
        } else {
            self.stream.write(buffer)
            self.stream.write(content)
        }
        var written = Written(bytes: length)
        written.error = await self.flush()
        return written
    }

    private func write(_ head: ResponseHead, _ source: any BodySource) async -> Written {
        var head = head
        let isChunked = source.length == nil && self.minorVersion >= 1
        let endsWithConnection = source.length == nil && !isChunked
        head.fields.remove("content-length")
        if let length = source.length {
            head.fields.add("Content-Length", String(length))
        } else if isChunked {
            head.fields.add("Transfer-Encoding", "chunked")
        }
        self.addConnection(&head.fields, keepsAlive: self.keepsAlive && !endsWithConnection)
        self.stream.write(self.headBuffer(head, reserving: 0))
        // Whoever waits for events wants the head before the first of them.
        if !(source is PrefixedBody) { self.stream.flush() }
        var written = Written(endsWithConnection: endsWithConnection)
        do throws(ProxyError) {
            while let piece = try await source.next() {
                written.bytes += piece.readableBytes
                self.write(piece, isChunked: isChunked)
                if let error = await self.flush() { throw error }
            }
            if isChunked {
                var end = ByteBuffer()
                HeadWriter.writeLastChunk(trailers: source.trailers, to: &end)
                self.stream.write(end)
            }
            written.error = await self.flush()
        } catch {
            source.abandon()
            written.error = error
        }
        return written
    }

    private func write(_ piece: ByteBuffer, isChunked: Bool) {
        guard isChunked else { return self.stream.write(piece) }
        var head = ByteBuffer()
        HeadWriter.writeChunkHead(size: piece.readableBytes, to: &head)
        self.stream.write(head)
        self.stream.write(piece)
        self.stream.write(ByteBuffer(staticString: "\r\n"))
    }

    private func headBuffer(_ head: ResponseHead, reserving content: Int) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(
            capacity: head.fields.wireLength + head.reason.utf8.count + 32 + content
        )
        HeadWriter.write(head, to: &buffer)
        return buffer
    }

    private func addConnection(_ fields: inout HeaderFields, keepsAlive: Bool) {
        if !keepsAlive {
            fields.add("Connection", "close")
        } else if self.minorVersion == 0 {
            fields.add("Connection", "keep-alive")
        }
    }

    private func flush() async -> ProxyError? {
        do throws(ByteStream.Interruption) {
            try await self.stream.flush(until: .now() + self.idle)
            return nil
        } catch {
            switch error {
            case .timedOut: return ProxyError(.cancelled, "the client stopped taking the answer")
            case .abandoned(let reason): return reason
            case .ended, .cancelled: return ProxyError(.cancelled, "the client went away")
            }
        }
    }
}
