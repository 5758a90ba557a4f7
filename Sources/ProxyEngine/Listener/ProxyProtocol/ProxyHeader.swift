// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// What a load balancer says in front of a connection about where it comes from (the PROXY protocol, versions 1 and 2).
struct ProxyHeader: Hashable, Sendable {
    enum Source: Hashable, Sendable {
        /// Numeric.
        case address(String)
        /// It speaks for itself, as in a health check, or has no address to tell, as for who came by a Unix socket of its
        /// own: then the connection's own address holds.
        case itself
    }

    var source: Source
    /// The octets of the header; what follows is the client's.
    var length: Int

    enum Failure: Error, Hashable {
        case malformed(String)
    }

    /// Nil if more octets are needed; never more than ``maxLength``.
    static func parse(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> ProxyHeader? {
        guard let first = bytes.first else { return nil }
        return first == Self.signature[0] ? try Self.parseBinary(bytes) : try Self.parseText(bytes)
    }

    /// The longest header that is read.
    static let maxLength = 16 + maxBinaryLength

    // MARK: Version 2

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// Addresses of Unix sockets take 216 octets, and what load balancers add stays below this.
    private static let maxBinaryLength = 2048

    private static func parseBinary(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> ProxyHeader? {
        guard zip(bytes, Self.signature).allSatisfy({ $0 == $1 }) else { throw .malformed("this is no PROXY header") }
        guard bytes.count > 12 else { return nil }
        let (version, command) = (bytes[12] >> 4, bytes[12] & 0xF)
        guard version == 2, command <= 1 else { throw .malformed("the version or command of PROXY is unknown") }
        guard bytes.count >= 16 else { return nil }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard length <= Self.maxBinaryLength else { throw .malformed("the PROXY header is too long") }
        let family = bytes[13] >> 4
        guard family <= 3, bytes[13] & 0xF <= 2 else { throw .malformed("the family of PROXY is unknown") }
        // LOCAL: whatever the rest says is to be ignored.
        let needed = command == 0 ? 0 : [0, 12, 36, 216][Int(family)]
        guard length >= needed else { throw .malformed("the PROXY header is too short for its address") }
        guard bytes.count >= 16 + length else { return nil }
        let source = command == 0 ? .itself : Self.source(family, UnsafeRawBufferPointer(rebasing: bytes[16...]))
        return ProxyHeader(source: source, length: 16 + length)
    }

    private static func source(_ family: UInt8, _ addresses: UnsafeRawBufferPointer) -> Source {
        switch family {
        case 1: Self.address(Array(addresses[..<4]))
        case 2: Self.address(Array(addresses[..<16]))
        default: .itself
        }
    }

    private static func address(_ octets: [UInt8]) -> Source {
        let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: octets), port: 0)
        return address?.ipAddress.map { .address($0) } ?? .itself
    }

    // MARK: Version 1

    /// With its line end (section 2.1 of the specification).
    private static let maxTextLength = 107

    private static func parseText(_ bytes: UnsafeRawBufferPointer) throws(Failure) -> ProxyHeader? {
        guard zip(bytes, "PROXY ".utf8).allSatisfy({ $0 == $1 }) else { throw .malformed("this is no PROXY header") }
        guard let end = bytes.prefix(Self.maxTextLength).firstIndex(of: 0x0A) else {
            guard bytes.count < Self.maxTextLength else { throw .malformed("the PROXY line is too long") }
            return nil
        }
        guard end > 0, bytes[end - 1] == 0x0D else { throw .malformed("the PROXY line does not end in CRLF") }
        let line = String(decoding: bytes[..<(end - 1)], as: UTF8.self)
        let words = line.split(separator: " ", omittingEmptySubsequences: false)
        return ProxyHeader(source: try Self.source(words), length: end + 1)
    }

    private static func source(_ words: [Substring]) throws(Failure) -> Source {
        // Whatever follows UNKNOWN is to be ignored.
        if words.count >= 2, words[1] == "UNKNOWN" { return .itself }
        guard words.count == 6, words[1] == "TCP4" || words[1] == "TCP6" else {
            throw .malformed("the PROXY line has not the words that it should have")
        }
        let isIPv6 = words[1] == "TCP6"
        guard let source = Self.numeric(words[2], isIPv6), Self.numeric(words[3], isIPv6) != nil else {
            throw .malformed("an address of the PROXY line is malformed")
        }
        guard words[4...].allSatisfy(Self.isPort) else { throw .malformed("a port of the PROXY line is malformed") }
        return .address(source)
    }

    /// The address in its usual form.
    private static func numeric(_ word: Substring, _ isIPv6: Bool) -> String? {
        let isClean = word.utf8.allSatisfy { $0.hexDigitValue != nil || $0 == 0x2E || $0 == 0x3A }
        guard isClean, let address = try? SocketAddress(ipAddress: String(word), port: 0) else { return nil }
        guard (address.protocol == .inet6) == isIPv6 else { return nil }
        return address.ipAddress
    }

    private static func isPort(_ word: Substring) -> Bool {
        1...5 ~= word.utf8.count && word.utf8.allSatisfy { 0x30...0x39 ~= $0 } && (Int(word) ?? .max) <= 65535
            && (word == "0" || word.first != "0")
    }
}
