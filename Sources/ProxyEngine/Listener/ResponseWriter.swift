// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Writes one response to a client, at the client's pace, on which the connection keeps an eye.
struct ResponseWriter {
    let stream: ByteStream
    let method: HTTPMethod
    let version: HTTPVersion
    /// Whether another request may follow on the connection.
    let keepsAlive: Bool

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
        switch response.body {
        case .whole(let content):
            var written = self.put(response, content)
            written.error = await self.flush(all: !self.keepsAlive)
            return written
        case .stream(let source):
            return await self.write(response.head, source)
        }
    }

    /// Writes an answer that is one small write, and does not wait until it has been taken; nil if it is none.
    func writeAtOnce(_ response: Response) -> Written? {
        guard case .whole(let content) = response.body, content.readableBytes <= Self.smallContent else { return nil }
        defer { self.stream.flush() }
        return self.put(response, content)
    }

    private func put(_ response: Response, _ content: ByteBuffer) -> Written {
        let hasContent = response.head.mayHaveContent(to: self.method)
        let length = hasContent ? content.readableBytes : 0
        var head = response.head
        let isSmall = length <= Self.smallContent
        let tellsLength = head.status != 204 && (hasContent || content.readableBytes > 0)
        // RFC 9110, 8.6: a server must not tell a length with 204, whatever its upstream does.
        if tellsLength || head.status == 204 { head.fields.remove("content-length") }
        var buffer = self.beginHead(head, reserving: isSmall ? length : 0)
        if tellsLength { HeadWriter.write("Content-Length: ", content.readableBytes, to: &buffer) }
        self.endHead(&buffer, keepsAlive: self.keepsAlive)
        if isSmall, length > 0 { buffer.writeImmutableBuffer(content) }
        self.stream.write(buffer)
        if !isSmall { self.stream.write(content) }
        // HTTP/1.0 is told that its connection stays.
        if let again = response.repetition, isSmall, self.keepsAlive, self.version >= .http1_1 {
            again.recent.answer = RepeatedAnswer(response, on: again.ground, octets: buffer, length: length)
        }
        return Written(bytes: length)
    }

    private func write(_ head: ResponseHead, _ source: any BodySource) async -> Written {
        var head = head
        let isChunked = source.length == nil && self.version >= .http1_1
        let endsWithConnection = source.length == nil && !isChunked
        head.fields.remove("content-length")
        var buffer = self.beginHead(head, reserving: 0)
        if let length = source.length {
            HeadWriter.write("Content-Length: ", length, to: &buffer)
        } else if isChunked {
            buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        }
        self.endHead(&buffer, keepsAlive: self.keepsAlive && !endsWithConnection)
        self.stream.write(buffer)
        // Whoever waits for events wants the head before the first of them.
        if !(source is PrefixedBody) { self.stream.flush() }
        var written = Written(endsWithConnection: endsWithConnection)
        do throws(ProxyError) {
            while let piece = try await source.next() {
                written.bytes += piece.readableBytes
                if isChunked { self.stream.writeChunk(piece) } else { self.stream.write(piece) }
                if let error = await self.flush() { throw error }
            }
            if isChunked {
                var end = ByteBuffer()
                HeadWriter.writeLastChunk(trailers: source.trailers, to: &end)
                self.stream.write(end)
            }
            written.error = await self.flush(all: !self.keepsAlive || endsWithConnection)
        } catch {
            source.abandon()
            written.error = error
        }
        return written
    }

    /// A head up to the fields that belong to this connection.
    private func beginHead(_ head: ResponseHead, reserving content: Int) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(
            capacity: head.fields.wireLength + head.reason.utf8.count + 136 + content
        )
        HeadWriter.writeWithoutEnd(head, to: &buffer)
        if !head.fields.contains("date") { DateField.write(to: &buffer) }
        return buffer
    }

    private func endHead(_ buffer: inout ByteBuffer, keepsAlive: Bool) {
        if !keepsAlive {
            buffer.writeStaticString("Connection: close\r\n")
        } else if self.version == .http1_0 {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
    }

    /// - Parameter all: Before the end of a connection, everything has to be on its way.
    private func flush(all: Bool = false) async -> ProxyError? {
        do throws(ByteStream.Interruption) {
            if all {
                try await self.stream.flushAll(until: .distantFuture)
            } else {
                try await self.stream.flush(until: .distantFuture)
            }
            return nil
        } catch {
            switch error {
            case .abandoned(let reason): return reason
            case .ended, .cancelled, .timedOut: return ProxyError(.cancelled, "the client went away")
            }
        }
    }
}
