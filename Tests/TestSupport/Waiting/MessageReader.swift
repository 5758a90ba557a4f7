// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Reads HTTP/1.1 messages for tests, with no line in common with the codec that is under test.
enum MessageReader {
    struct Head: Sendable {
        var raw: String
        var firstLine: String
        var fields: HeaderFields
    }

    /// The bytes are not a message.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// Takes a head with its empty line.
    @Sendable static func takeHead(_ buffer: inout ByteBuffer) throws -> Head? {
        guard let raw = Self.take(&buffer, through: [13, 10, 13, 10]) else { return nil }
        var lines = Self.lines(raw)
        let first = lines.removeFirst()
        return Head(raw: String(decoding: raw, as: UTF8.self), firstLine: first, fields: try Self.fields(lines))
    }

    /// Takes one line without its end.
    static func takeLine(_ buffer: inout ByteBuffer) -> String? {
        Self.take(&buffer, through: [13, 10]).map { String(decoding: $0.dropLast(2), as: UTF8.self) }
    }

    /// Takes a trailer section with its empty line.
    @Sendable static func takeTrailers(_ buffer: inout ByteBuffer) throws -> HeaderFields? {
        if buffer.readableBytesView.starts(with: [13, 10]) {
            buffer.moveReaderIndex(forwardBy: 2)
            return [:]
        }
        return try Self.take(&buffer, through: [13, 10, 13, 10]).map { try Self.fields(Self.lines($0)) }
    }

    private static func take(_ buffer: inout ByteBuffer, through end: [UInt8]) -> [UInt8]? {
        let view = buffer.readableBytesView
        var position = view.startIndex
        while let found = view[position...].firstIndex(of: end[0]) {
            if view[found...].starts(with: end) { return buffer.readBytes(length: found - view.startIndex + end.count) }
            position = found + 1
        }
        return nil
    }

    /// The lines of a section, without the empty one at its end. By octets: CRLF is one character, but not one octet.
    private static func lines(_ section: [UInt8]) -> [String] {
        section.dropLast(4).split(separator: 10, omittingEmptySubsequences: false).map {
            String(decoding: $0.last == 13 ? $0.dropLast() : $0, as: UTF8.self)
        }
    }

    private static func fields(_ lines: [String]) throws -> HeaderFields {
        var fields = HeaderFields()
        for line in lines {
            let bytes = line.utf8
            guard let colon = bytes.firstIndex(of: 0x3A), colon > bytes.startIndex, !bytes.contains(13) else {
                throw Malformed(description: "not a field line: \(line.debugDescription)")
            }
            let value = Substring(bytes[bytes.index(after: colon)...])
            fields.add(String(line[..<colon]), String(value.trimmingOptionalWhitespace()))
        }
        return fields
    }
}

extension HeaderFields {
    /// As they stand in a head.
    var lines: String {
        var buffer = ByteBuffer()
        self.write(to: &buffer)
        return String(buffer: buffer)
    }
}

extension Wire {
    /// How the content of a message is delimited.
    enum Extent: Sendable {
        case none
        case length(Int)
        case chunked
        case untilEnd
    }

    /// Content as far as it came.
    struct Content: Sendable {
        var bytes = ByteBuffer()
        var trailers: HeaderFields = [:]
        /// How the connection ended within the content; nil if the content is complete.
        var cut: End?
    }

    func receiveContent(_ extent: Extent, upTo limit: Duration) async throws -> Content {
        var content = Content()
        do {
            switch extent {
            case .none: break
            case .length(let length): try await self.receive(exactly: length, into: &content, upTo: limit)
            case .chunked: try await self.receiveChunks(into: &content, upTo: limit)
            case .untilEnd: try await self.receive(exactly: .max, into: &content, upTo: limit)
            }
        } catch let error as WireEnded {
            if case .untilEnd = extent, error.end == .finished { return content }
            content.cut = error.end
        }
        return content
    }

    private func receive(exactly count: Int, into content: inout Content, upTo limit: Duration) async throws {
        var left = count
        while left > 0 {
            let most = left
            let piece = try await self.receive("\(most) octets of content", upTo: limit) { buffer -> [UInt8]? in
                guard buffer.readableBytes > 0 else { return nil }
                // A copy, since a slice would have the whole block copied at the next change of it.
                let piece = buffer.readBytes(length: min(most, buffer.readableBytes))
                buffer.discardReadBytes()
                return piece
            }
            left -= piece.count
            content.bytes.writeBytes(piece)
        }
    }

    private func receiveChunks(into content: inout Content, upTo limit: Duration) async throws {
        while true {
            let line = try await self.receive("a chunk size", upTo: limit) { MessageReader.takeLine(&$0) }
            guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else {
                throw MessageReader.Malformed(description: "not a chunk size: \(line.debugDescription)")
            }
            guard size > 0 else { break }
            try await self.receive(exactly: size, into: &content, upTo: limit)
            let end = try await self.receive("the end of a chunk", upTo: limit) { $0.readInteger(as: UInt16.self) }
            guard end == 0x0D0A else {
                throw MessageReader.Malformed(description: "a chunk does not end with its size")
            }
        }
        content.trailers = try await self.receive("trailers", upTo: limit, MessageReader.takeTrailers)
    }
}
