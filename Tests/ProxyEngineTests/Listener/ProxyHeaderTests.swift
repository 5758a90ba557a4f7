// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyEngine

/// The PROXY protocol as HAProxy's specification has it, sections 2.1 and 2.2.
@Suite struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private static func parse(_ bytes: [UInt8]) throws(ProxyHeader.Failure) -> ProxyHeader? {
        try bytes.withUnsafeBytes { bytes in
            Result { () throws(ProxyHeader.Failure) in try ProxyHeader.parse(bytes) }
        }.get()
    }

    private static func binary(_ command: UInt8, _ family: UInt8, _ rest: [UInt8], length: Int? = nil) -> [UInt8] {
        let length = length ?? rest.count
        return Self.signature + [command, family, UInt8(length >> 8), UInt8(length & 0xFF)] + rest
    }

    private static let ports: [UInt8] = [0x1F, 0x90, 0x01, 0xBB]
    private static let v4: [UInt8] = [192, 0, 2, 1, 198, 51, 100, 1]
    private static let v6: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1]

    private static let wellFormed: [([UInt8], ProxyHeader.Source)] = [
        (Array("PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n".utf8), .address("192.0.2.1")),
        (Array("PROXY TCP6 2001:DB8:0:0::1 ::1 0 65535\r\n".utf8), .address("2001:db8::1")),
        (Array("PROXY UNKNOWN\r\n".utf8), .itself),
        (Array("PROXY UNKNOWN ffff::1 what ever 1 2\r\n".utf8), .itself),
        (Self.binary(0x21, 0x11, Self.v4 + Self.ports), .address("192.0.2.1")),
        (Self.binary(0x21, 0x12, Self.v4 + Self.ports), .address("192.0.2.1")),
        (Self.binary(0x21, 0x21, Self.v6 + Self.v6 + Self.ports), .address("2001:db8::1")),
        (Self.binary(0x21, 0x31, [UInt8](repeating: 0x2F, count: 216)), .itself),
        (Self.binary(0x21, 0x00, []), .itself),
        (Self.binary(0x20, 0x00, []), .itself),
        (Self.binary(0x20, 0x11, Self.v4 + Self.ports), .itself),
        // Type-length-values behind the address.
        (Self.binary(0x21, 0x11, Self.v4 + Self.ports + [3, 0, 4, 1, 2, 3, 4]), .address("192.0.2.1")),
        (Self.binary(0x21, 0x11, Self.v4 + Self.ports + [UInt8](repeating: 0, count: 2036)), .address("192.0.2.1")),
    ]

    @Test func `every header is taken whole, and cut anywhere it is waited for`() throws {
        for (bytes, source) in Self.wellFormed {
            for length in 0..<bytes.count {
                #expect(try Self.parse(Array(bytes[..<length])) == nil, "\(length) of \(bytes)")
            }
            for rest in [[], Array("GET / HTTP/1.1\r\n".utf8), [0x0D]] {
                let expected = ProxyHeader(source: source, length: bytes.count)
                #expect(try Self.parse(bytes + rest) == expected)
            }
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY\r\n", "PROXY \r\n",
        "PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
        "PROXY TCP4 192.0.2.1  192.0.2.2 1 2\r\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 192.0.2.1 ::1 1 2\r\n", "PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n",
        "PROXY TCP6 fe80::1%lo ::1 1 2\r\n", "PROXY TCP4 localhost 192.0.2.2 1 2\r\n",
        "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r \r\n",
        "PROXY UNKNOWN " + String(repeating: "x", count: 92) + "\r\n",
    ])
    func `a line that is not as it should be is refused`(_ line: String) {
        #expect(throws: ProxyHeader.Failure.self) { try Self.parse(Array(line.utf8)) }
    }

    @Test func `a binary header that is not as it should be is refused`() {
        let wrong: [[UInt8]] = [
            Self.binary(0x11, 0x11, Self.v4 + Self.ports), Self.binary(0x22, 0x11, Self.v4 + Self.ports),
            Self.binary(0x21, 0x41, Self.v4 + Self.ports), Self.binary(0x21, 0x13, Self.v4 + Self.ports),
            Self.binary(0x21, 0x11, Self.v4), Self.binary(0x21, 0x21, Self.v4 + Self.ports),
            Self.binary(0x21, 0x31, [UInt8](repeating: 0, count: 215)),
            Self.binary(0x20, 0x00, [], length: 65535), Self.binary(0x21, 0x11, [], length: 2049),
            Array(Self.signature[..<11]) + [0x0B], [0x0D, 0x0D],
        ]
        for bytes in wrong {
            #expect(throws: ProxyHeader.Failure.self, "\(bytes)") { try Self.parse(bytes) }
        }
    }

    @Test func `the longest line is taken`() throws {
        let line = Array(("PROXY UNKNOWN " + String(repeating: "x", count: 91) + "\r\n").utf8)
        #expect(line.count == 107)
        #expect(try Self.parse(line) == ProxyHeader(source: .itself, length: 107))
    }
}
