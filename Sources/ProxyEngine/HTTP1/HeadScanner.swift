// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Finds the end of a head in bytes that arrive in any pieces, and looks at each byte once.
///
/// Lines end in CRLF and in nothing else (RFC 9112, 2.2): a bare LF is where two readers of one message part ways.
struct HeadScanner {
    private var scanned = 0
    private var lineStart = 0
    private var fieldsStart = 0
    private var lines = 0

    /// The length of the head with its empty line, or nil if more bytes are needed.
    mutating func end(in buffer: ByteBuffer, limits: HeadLimits) throws(HTTP1Error) -> Int? {
        let result = buffer.withUnsafeReadableBytes { bytes -> Result<Int?, HTTP1Error> in
            while let newline = bytes[self.scanned...].firstIndex(of: 0x0A) {
                guard newline > self.lineStart, bytes[newline - 1] == 0x0D else {
                    return .failure(.malformed("a line ends in a bare LF"))
                }
                let length = newline - 1 - self.lineStart
                if length == 0 { return .success(newline + 1) }
                if self.lines == 0, length > limits.line { return .failure(.targetTooLong) }
                self.lines += 1
                self.lineStart = newline + 1
                self.scanned = newline + 1
                if self.lines == 1 { self.fieldsStart = self.lineStart }
                if self.lines > limits.count + 1 || self.lineStart - self.fieldsStart > limits.fields {
                    return .failure(.headTooLarge)
                }
            }
            self.scanned = bytes.count
            if self.lines == 0, bytes.count > limits.line + 2 { return .failure(.targetTooLong) }
            // The octet more may be the first half of the empty line.
            if self.lines > 0, bytes.count - self.fieldsStart > limits.fields + 1 { return .failure(.headTooLarge) }
            return .success(nil)
        }
        return try result.get()
    }

    /// Takes a head out of the buffer once it is whole, or returns nil and leaves the buffer.
    ///
    /// - Parameter parse: Makes a head of its first line and of its fields.
    mutating func takeHead<Head>(
        from buffer: inout ByteBuffer,
        limits: HeadLimits,
        _ parse: (_ line: UnsafeRawBufferPointer, _ fields: HeaderFields) throws(HTTP1Error) -> Head
    ) throws(HTTP1Error) -> Head? {
        guard let length = try self.end(in: buffer, limits: limits) else { return nil }
        self.reset()
        let result = buffer.withUnsafeReadableBytes { readable in
            Result { () throws(HTTP1Error) in
                let bytes = UnsafeRawBufferPointer(rebasing: readable[..<(length - 2)])
                guard let lineEnd = bytes.firstIndex(of: 0x0D), bytes[lineEnd + 1] == 0x0A else {
                    throw .malformed("a carriage return stands within a line")
                }
                return try parse(
                    UnsafeRawBufferPointer(rebasing: bytes[..<lineEnd]),
                    try FieldLines.parse(
                        UnsafeRawBufferPointer(rebasing: bytes[(lineEnd + 2)...]),
                        maxFields: limits.count
                    )
                )
            }
        }
        let head = try result.get()
        buffer.moveReaderIndex(forwardBy: length)
        return head
    }

    mutating func reset() { self = HeadScanner() }
}
