// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Reads response heads from a connection's bytes (RFC 9112, 4).
struct ResponseParser {
    private var scanner = HeadScanner()

    /// Takes one head out of the buffer, or returns nil and leaves the buffer until more bytes have come.
    mutating func next(in buffer: inout ByteBuffer) throws(HTTP1Error) -> ResponseHead? {
        guard Self.mayBeHTTP(buffer) else { throw .malformed("the answer is not HTTP") }
        return try self.scanner.takeHead(from: &buffer, limits: .response, Self.parseLine)
    }

    /// Garbage is told by its first bytes, so that it need not have an end to be refused.
    private static func mayBeHTTP(_ buffer: ByteBuffer) -> Bool {
        zip(buffer.readableBytesView, "HTTP/".utf8).allSatisfy { $0 == $1 }
    }

    private static func parseLine(
        _ line: UnsafeRawBufferPointer,
        _ fields: HeaderFields
    ) throws(HTTP1Error) -> ResponseHead {
        guard line.count >= 12, line[8] == 0x20 else { throw .malformed("the status line is malformed") }
        let version = try HTTPVersion(ofHTTP1: UnsafeRawBufferPointer(rebasing: line[..<8]))
        guard let status = Int(String(decoding: line[9..<12], as: UTF8.self)), 100...599 ~= status else {
            throw .malformed("the status is not a number from 100 to 599")
        }
        guard line.count == 12 || line[12] == 0x20 else { throw .malformed("the status line is malformed") }
        let reason = line[min(13, line.count)...]
        guard reason.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else {
            throw .malformed("the reason phrase has a control character")
        }
        return ResponseHead(
            status,
            reason: String(decoding: reason, as: UTF8.self),
            fields: fields,
            version: version
        )
    }
}
