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
        buffer.reserveCapacity(minimumWritableBytes: head.reason.utf8.count + head.fields.wireLength + 17)
        buffer.writeStaticString("HTTP/1.1 ")
        for divisor in [100, 10, 1] { buffer.writeInteger(UInt8(ascii: "0") + UInt8(head.status / divisor % 10)) }
        buffer.writeInteger(UInt8(ascii: " "))
        buffer.writeString(head.reason)
        buffer.writeStaticString("\r\n")
        head.fields.write(to: &buffer)
        buffer.writeStaticString("\r\n")
    }

    static func writeChunkHead(size: Int, to buffer: inout ByteBuffer) {
        buffer.writeString(String(size, radix: 16))
        buffer.writeStaticString("\r\n")
    }

    static func writeLastChunk(trailers: HeaderFields?, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("0\r\n")
        trailers?.write(to: &buffer)
        buffer.writeStaticString("\r\n")
    }
}
