// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration

/// `uri-host [ ":" port ]` (RFC 9110, 7.2), as `Host` and request targets name a server; never with a user.
package struct Authority: Hashable {
    /// In lower case; an IPv6 address as everybody writes it, without its brackets. Never empty.
    var host: String
    /// 0 to 65535; nil where there is none, or an empty one.
    var port: Int?

    package init?(_ text: Substring) {
        var text = text
        guard let parts = text.withUTF8({ Self.parts(UnsafeRawBufferPointer($0)) }) else { return nil }
        let host = String(decoding: text.utf8.dropFirst(parts.host.lowerBound).prefix(parts.host.count), as: UTF8.self)
        self.host = parts.host.lowerBound > 0 ? IPAddress(host)?.description ?? host : host.lowercased()
        self.port = parts.port
    }

    /// Whether these octets are one, without making anything of them.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool { Self.parts(bytes) != nil }

    private static func parts(_ bytes: UnsafeRawBufferPointer) -> (host: Range<Int>, port: Int?)? {
        let isAddress = bytes.first == 0x5B
        var end = isAddress ? 1 : 0
        let start = end
        while end < bytes.count, isAddress ? Self.isAddressCharacter(bytes[end]) : Self.isNameCharacter(bytes[end]) {
            // Half an encoding is none (RFC 3986, 2.1).
            if bytes[end] == 0x25, !bytes[(end + 1)...].prefix(2).isHexadecimal(count: 2) { return nil }
            end += 1
        }
        guard end > start else { return nil }
        let host = start..<end
        if isAddress {
            guard end < bytes.count, bytes[end] == 0x5D, Self.isIPv6(bytes[host]) else { return nil }
            end += 1
        }
        guard end < bytes.count else { return (host, nil) }
        guard bytes[end] == 0x3A, bytes.count - end <= 6 else { return nil }
        var port = 0
        for byte in bytes[(end + 1)...] {
            guard 0x30...0x39 ~= byte else { return nil }
            port = port * 10 + Int(byte - 0x30)
        }
        guard port <= 65535 else { return nil }
        return (host, end + 1 < bytes.count ? port : nil)
    }

    /// The host, without the dot at its end that says that it is complete and changes nothing else.
    package var name: String { self.host.hasSuffix(".") ? String(self.host.dropLast()) : self.host }

    /// As `Host` has it.
    var description: String {
        let host = self.host.utf8.contains(0x3A) ? "[\(self.host)]" : self.host
        return self.port.map { "\(host):\($0)" } ?? host
    }

    private static func isAddressCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x46, 0x61...0x66, 0x2E: true
        default: false
        }
    }

    private static func isIPv6(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        bytes.contains(0x3A) && IPAddress(String(decoding: bytes, as: UTF8.self)) != nil
    }

    /// RFC 3986, 3.2.2, without the comma: no host has one, but a list of hosts does.
    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x24...0x2B, 0x2D, 0x2E, 0x3B, 0x3D, 0x5F, 0x7E: true
        default: false
        }
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func isHexadecimal(count: Int) -> Bool {
        self.count == count && self.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0.lowercasedASCII }
    }
}
