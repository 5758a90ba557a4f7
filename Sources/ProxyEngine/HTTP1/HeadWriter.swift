// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Heads as bytes. Everything is written anew from what was understood; nothing received is copied raw.
enum HeadWriter {
    static func write(_ head: RequestHead, to buffer: inout ByteBuffer) {
        buffer.reserveCapacity(
            minimumWritableBytes: head.target.utf8.count + head.method.rawValue.utf8.count + head.fields.wireLength + 14
        )
        buffer.writeString(head.method.rawValue)
        buffer.writeInteger(UInt8(ascii: " "))
        buffer.writeString(head.target)
        buffer.writeStaticString(" HTTP/1.1\r\n")
        head.fields.write(to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    static func write(_ head: ResponseHead, to buffer: inout ByteBuffer) {
        self.writeWithoutEnd(head, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    /// The head without its empty line, so that more fields can follow.
    static func writeWithoutEnd(_ head: ResponseHead, to buffer: inout ByteBuffer) {
        buffer.reserveCapacity(minimumWritableBytes: head.reason.utf8.count + head.fields.wireLength + 17)
        if head.status == 200, head.reason == "OK" {
            // Most of all heads have it.
            buffer.writeStaticString("HTTP/1.1 200 OK\r\n")
        } else {
            buffer.writeStaticString("HTTP/1.1 ")
            Self.write(head.status, to: &buffer)
            buffer.writeInteger(UInt8(ascii: " "))
            buffer.writeString(head.reason)
            buffer.writeStaticString("\r\n")
        }
        head.fields.write(to: &buffer)
    }

    /// One field whose value is a number.
    static func write(_ name: StaticString, _ number: Int, to buffer: inout ByteBuffer) {
        buffer.writeStaticString(name)
        Self.write(number, to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    private static func write(_ number: Int, to buffer: inout ByteBuffer) {
        // At most 19 digits, from the last to the first.
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var start = 20
            var rest = number
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0 && start > 0
            buffer.writeBytes(UnsafeRawBufferPointer(rebasing: digits[start...]))
        }
    }

    static func writeLastChunk(trailers: HeaderFields?, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n")
        trailers?.write(to: &buffer)
        buffer.writeStaticString("\r\n")
    }
}
