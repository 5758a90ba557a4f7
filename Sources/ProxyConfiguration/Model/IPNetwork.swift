// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A numeric address. An IPv4 address that an IPv6 socket shows (`::ffff:192.0.2.1`) is the IPv4 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// In the order of the network: 4 or 16.
    let octets: [UInt8]

    /// Nil if the text is no numeric address; a zone (`%eth0`) is dropped.
    package init?(_ text: String) {
        if let octets = Self.octets(text, AF_INET, count: 4) {
            self.octets = octets
        } else if let octets = Self.octets(String(text.prefix { $0 != "%" }), AF_INET6, count: 16) {
            let isMapped = octets[..<10].allSatisfy { $0 == 0 } && octets[10] == 0xFF && octets[11] == 0xFF
            self.octets = isMapped ? Array(octets[12...]) : octets
        } else {
            return nil
        }
    }

    /// As everybody writes it (RFC 5952): in lower case, and as short as it can be.
    package var description: String {
        let family = self.octets.count == 4 ? AF_INET : AF_INET6
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { text in
            guard let start = inet_ntop(family, self.octets, text.baseAddress, socklen_t(text.count)) else { return "" }
            return String(cString: start)
        }
    }

    private static func octets(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: count)
        let isRead = octets.withUnsafeMutableBytes { inet_pton(family, text, $0.baseAddress) == 1 }
        return isRead ? octets : nil
    }
}

/// The addresses that begin with the same bits: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
package struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    private let address: IPAddress
    /// How many bits they have in common.
    private let bits: Int
    /// As it was written.
    package let description: String

    /// Nil if the text is no address, or bits are set behind the prefix: then it is likely not what was meant.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(String(first)) else { return nil }
        let width = address.octets.count * 8
        var bits = width
        if parts.count == 2 {
            guard let number = Int(parts[1]), 0...width ~= number, parts[1].first != "+" else { return nil }
            bits = number
        }
        self.address = address
        self.bits = bits
        self.description = text
        guard (bits..<width).allSatisfy({ !address.octets.bit($0) }) else { return nil }
    }

    package func contains(_ other: IPAddress) -> Bool {
        guard other.octets.count == self.address.octets.count else { return false }
        return (0..<self.bits).allSatisfy { other.octets.bit($0) == self.address.octets.bit($0) }
    }
}

extension [UInt8] {
    /// The bit at a position, from the most significant one.
    fileprivate func bit(_ position: Int) -> Bool { self[position / 8] & (0x80 >> (position % 8)) != 0 }
}
