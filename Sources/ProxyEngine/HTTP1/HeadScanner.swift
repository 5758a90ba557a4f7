// SPDX-License-Identifier: Apache-2.0

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

    mutating func reset() { self = HeadScanner() }
}
