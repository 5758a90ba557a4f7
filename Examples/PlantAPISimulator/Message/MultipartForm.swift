// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// The parts of a `multipart/form-data` body (RFC 7578).
struct MultipartForm: Sendable {
    struct Part: Sendable {
        var name: String
        var filename: String?
        var content: ByteBuffer

        var text: String { String(buffer: self.content) }
    }

    var parts: [Part] = []

    /// Nil if the media type has no boundary, or the body no end.
    init?(_ request: Request) {
        guard request.mediaType == "multipart/form-data",
            let type = request.headers.first(name: "Content-Type"),
            let boundary = Self.parameter("boundary", of: type), !boundary.isEmpty
        else { return nil }
        let delimiter = "\r\n--\(boundary)"
        // The first delimiter may stand at the very start: give it the line end that the others have.
        var body = ByteBuffer(string: "\r\n")
        body.writeImmutableBuffer(request.body)
        guard let first = body.offset(of: delimiter) else { return nil }
        var cursor = first + delimiter.utf8.count
        while !body.bytes(cursor..<min(cursor + 2, body.readableBytes)).readableBytesView.elementsEqual("--".utf8) {
            guard self.parts.count < 256, let next = body.offset(of: delimiter, from: cursor),
                let part = Self.part(body.bytes(cursor..<next))
            else { return nil }
            self.parts.append(part)
            cursor = next + delimiter.utf8.count
        }
    }

    private static func part(_ bytes: ByteBuffer) -> Part? {
        guard let gap = bytes.offset(of: "\r\n\r\n"), gap < 16_384 else { return nil }
        let lines = String(buffer: bytes.bytes(0..<gap)).split { $0.isNewline }
        guard let disposition = lines.first(where: { $0.lowercased().hasPrefix("content-disposition:") }),
            let name = Self.parameter("name", of: String(disposition))
        else { return nil }
        return Part(
            name: name,
            filename: Self.parameter("filename", of: String(disposition)),
            content: bytes.bytes(gap + 4..<bytes.readableBytes)
        )
    }

    private static func parameter(_ name: String, of field: String) -> String? {
        for piece in field.split(separator: ";").dropFirst() {
            let sides = piece.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, sides[0].filter({ $0 != " " }).lowercased() == name else { continue }
            return String(sides[1].filter { $0 != "\"" })
        }
        return nil
    }
}
