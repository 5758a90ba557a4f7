// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore

extension Response {
    /// What is stored, as this request wants it: whole, in part, or only the word that the client has it already
    /// (RFC 9111, 4.3.2; RFC 9110, 13.2.2 and 14.2).
    init(
        _ stored: StoredResponse,
        to head: borrowing RequestHead,
        _ demands: RequestDemands,
        at now: Moment
    ) {
        // Room for what is added from here to the client.
        var fields = stored.fields(reservingBytes: 192, fields: 4)
        let age = stored.age(at: now)
        fields.add("Age") { $0.append(age) }
        let whole = ResponseHead(stored.status, reason: stored.reason, fields: fields)
        guard demands.isConditional || demands.range != nil, 200...299 ~= stored.status else {
            self.init(whole, .whole(stored.content))
            return
        }
        self.init(whole, .whole(stored.content))
        if demands.isConditional, Self.isNotModified(stored, head.fields) {
            self = self.notModified
        } else if let part = stored.part, let wanted = demands.range.flatMap({ part.wanted($0) }) {
            let start = part.range.lowerBound
            self.head.fields.set("Content-Range", wanted.contentRange(of: part.length))
            self.body = .whole(stored.content.part(wanted.lowerBound - start..<wanted.upperBound - start))
        } else if stored.status == 200, head.method == .get, let range = demands.range,
            ByteRanges.areWanted(by: head.fields, of: stored.fields),
            let ranges = ByteRanges(range, length: stored.content.readableBytes)
        {
            self = self.partial(ranges, of: stored.content)
        }
    }

    /// The whole of what is stored the beginning of, if this is the rest of it.
    func completing(_ begun: StoredResponse) -> Response? {
        guard let head = begun.completedHead(by: self.head), let length = begun.part?.length else { return nil }
        var response = self
        response.head = head
        switch self.body {
        case .whole(let rest):
            var content = begun.content
            content.writeImmutableBuffer(rest)
            guard content.readableBytes == length else { return nil }
            response.body = .whole(content)
        case .stream(let source):
            guard source.length == length - begun.content.readableBytes else { return nil }
            response.body = .stream(PrefixedBody(begun.content, then: source, length: length))
        }
        return response
    }

    private static func isNotModified(_ stored: StoredResponse, _ request: HeaderFields) -> Bool {
        Validation.isNotModified(
            request,
            entityTag: stored.entityTag,
            lastModified: stored.lastModified,
            now: DateField.seconds
        )
    }

    /// RFC 9110, 15.4.5: without what describes a content that is not there.
    private var notModified: Response {
        var response = Response(ResponseHead(304, fields: self.head.fields))
        for name in ["content-length", "content-type", "content-encoding", "content-language", "content-range"] {
            response.head.fields.remove(name)
        }
        return response
    }

    private func partial(_ ranges: ByteRanges, of content: ByteBuffer) -> Response {
        var fields = self.head.fields
        fields.remove("content-length")
        switch ranges {
        case .unsatisfiable:
            fields = fields.only(["date", "age", "cache-control", "etag", "vary"])
            fields.add("Content-Range", "bytes */\(content.readableBytes)")
            return Response(ResponseHead(416, reason: "Range Not Satisfiable", fields: fields))
        case .parts(let parts):
            let body: ByteBuffer
            if parts.count == 1, let part = parts.first {
                fields.set("Content-Range", part.contentRange(of: content.readableBytes))
                body = content.part(part)
            } else {
                let type = fields["content-type"]
                fields.set("Content-Type", "multipart/byteranges; boundary=\(RequestID.pseudonym)")
                body = content.multipart(parts, type: type, boundary: RequestID.pseudonym)
            }
            return Response(ResponseHead(206, reason: "Partial Content", fields: fields), .whole(body))
        }
    }
}

extension HeaderFields {
    fileprivate func only(_ names: [String]) -> HeaderFields {
        var fields = self
        fields.removeAll { name in !names.contains { $0.equalsIgnoringCase(name) } }
        return fields
    }
}

extension Range<Int> {
    fileprivate func contentRange(of length: Int?) -> String { ContentRange(self, of: length).description }
}

extension ByteBuffer {
    fileprivate func part(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// RFC 9110, 14.6.
    fileprivate func multipart(_ ranges: [Range<Int>], type: String?, boundary: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(ranges.reduce(0) { $0 + $1.count + 160 })
        for range in ranges {
            buffer.writeString("--\(boundary)\r\n")
            if let type { buffer.writeString("Content-Type: \(type)\r\n") }
            buffer.writeString("Content-Range: \(range.contentRange(of: self.readableBytes))\r\n\r\n")
            buffer.writeImmutableBuffer(self.part(range))
            buffer.writeString("\r\n")
        }
        buffer.writeString("--\(boundary)--\r\n")
        return buffer
    }
}
