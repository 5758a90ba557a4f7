// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One frame of HTTP/2 (RFC 9113, 4.1), as a test writes it or as it came.
package struct TestFrame: Sendable, Equatable {
    package enum Kind: UInt8, Sendable {
        case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate, continuation
    }

    package static let endStream: UInt8 = 0x1
    package static let ack: UInt8 = 0x1
    package static let endHeaders: UInt8 = 0x4
    package static let padded: UInt8 = 0x8
    package static let priority: UInt8 = 0x20

    /// A ``Kind``, or one that nobody knows.
    package var type: UInt8
    package var flags: UInt8
    package var stream: UInt32
    package var payload: [UInt8]

    package init(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.init(type: kind.rawValue, flags: flags, stream: stream, payload)
    }

    package init(type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
        self.type = type
        self.flags = flags
        self.stream = stream
        self.payload = payload
    }

    package var kind: Kind? { Kind(rawValue: self.type) }

    package func has(_ flag: UInt8) -> Bool { self.flags & flag != 0 }

    package var bytes: [UInt8] {
        let length = self.payload.count
        return [UInt8(length >> 16), UInt8(length >> 8 & 0xFF), UInt8(length & 0xFF), self.type, self.flags]
            + Self.octets(self.stream) + self.payload
    }

    package static func octets(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }

    /// The error code of a reset or of the end of a connection.
    package var errorCode: UInt32? {
        let offset = self.kind == .goAway ? 4 : 0
        guard self.kind == .goAway || self.kind == .reset, self.payload.count >= offset + 4 else { return nil }
        return self.payload[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Takes one frame off the front.
    @Sendable package static func take(_ buffer: inout ByteBuffer) throws -> TestFrame? {
        guard let head = buffer.getBytes(at: buffer.readerIndex, length: 9) else { return nil }
        let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
        guard buffer.readableBytes >= 9 + length, let all = buffer.readBytes(length: 9 + length) else { return nil }
        let stream = head[5...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        return TestFrame(type: head[3], flags: head[4], stream: stream, Array(all[9...]))
    }

    // MARK: Frames that tests need often

    /// - Parameter settings: Identifiers and values.
    package static func settings(_ settings: KeyValuePairs<UInt16, UInt32> = [:]) -> TestFrame {
        TestFrame(.settings, settings.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] + Self.octets($1) })
    }

    package static func headers(
        _ fields: [(String, String)],
        stream: UInt32 = 1,
        endStream: Bool = true,
        endHeaders: Bool = true
    ) -> TestFrame {
        let flags = (endStream ? Self.endStream : 0) | (endHeaders ? Self.endHeaders : 0)
        return TestFrame(.headers, flags: flags, stream: stream, Self.block(fields))
    }

    package static func data(_ content: [UInt8], stream: UInt32 = 1, endStream: Bool = true) -> TestFrame {
        TestFrame(.data, flags: endStream ? Self.endStream : 0, stream: stream, content)
    }

    package static func reset(_ code: UInt32 = 8, stream: UInt32 = 1) -> TestFrame {
        TestFrame(.reset, stream: stream, Self.octets(code))
    }

    package static func windowUpdate(_ increment: UInt32, stream: UInt32 = 0) -> TestFrame {
        TestFrame(.windowUpdate, stream: stream, Self.octets(increment))
    }

    package static func get(
        _ path: String,
        _ fields: [(String, String)] = [],
        stream: UInt32 = 1,
        authority: String = "proxy.test"
    ) -> TestFrame {
        .headers(Self.request("GET", path, fields, authority: authority), stream: stream)
    }

    package static func request(
        _ method: String,
        _ path: String,
        _ fields: [(String, String)] = [],
        authority: String = "proxy.test"
    ) -> [(String, String)] {
        [(":method", method), (":scheme", "http"), (":path", path), (":authority", authority)] + fields
    }

    /// Literals that are never indexed, without Huffman's code (RFC 7541, 6.2.3).
    package static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0x10] + Self.text($0) + Self.text($1) }
    }

    private static func text(_ text: String) -> [UInt8] {
        var (bytes, rest): ([UInt8], Int) = ([], text.utf8.count)
        if rest < 127 {
            bytes = [UInt8(rest)]
        } else {
            bytes = [127]
            rest -= 127
            while rest >= 128 {
                bytes.append(UInt8(rest & 0x7F) | 0x80)
                rest >>= 7
            }
            bytes.append(UInt8(rest))
        }
        return bytes + Array(text.utf8)
    }
}
