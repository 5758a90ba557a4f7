// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What kind of place a numeric address is, by the registries of special-purpose addresses (RFC 6890).
///
/// IPv4 addresses count in whatever IPv6 spelling a system would send to the same place: mapped (RFC 4291, 2.5.5.2),
/// translated by NAT64 (RFC 6052), or in a 6to4 or ISATAP address.
enum AddressClass: String, CaseIterable {
    /// Anything else: the public internet.
    case global
    case loopback
    /// RFC 1918, RFC 4193, and what is local to a site.
    case `private`
    /// RFC 3927 and RFC 4291, 2.5.6; clouds answer with a machine's credentials here.
    case linkLocal
    /// Between a provider and its customers (RFC 6598).
    case shared
    case multicast
    case unspecified
    /// For documentation, benchmarks, protocols, or nothing yet.
    case reserved

    /// For people.
    var word: String { self == .linkLocal ? "link-local" : self.rawValue }

    init(_ address: SocketAddress) {
        // Paths of sockets are named by nobody but the operator.
        self = address.number.map { AddressClass(ipv6: $0) } ?? .private
    }

    /// - Parameter address: In the order of its octets: 127.0.0.1 is 0x7F000001.
    init(ipv4 address: UInt32) {
        self = Self.ipv4.first { $0.contains(address) }?.class ?? .global
    }

    init(ipv6 address: UInt128) {
        if let embedded = Self.embedded(in: address) {
            self.init(ipv4: embedded)
        } else {
            self = Self.ipv6.first { $0.contains(address) }?.class ?? .reserved
        }
    }

    /// The IPv4 address that an IPv6 one stands for.
    private static func embedded(in address: UInt128) -> UInt32? {
        if [Self.mapped, Self.translated].contains(where: { $0.contains(address) }) {
            return UInt32(truncatingIfNeeded: address)
        }
        if Self.sixToFour.contains(address) { return UInt32(truncatingIfNeeded: address >> 80) }
        let interface = UInt32(truncatingIfNeeded: address >> 32)
        // RFC 5214, 6.1; the bit tells whether the IPv4 address is unique.
        if interface & 0xFDFF_FFFF == 0x5EFE { return UInt32(truncatingIfNeeded: address) }
        return nil
    }

    private static let mapped = Network<UInt128>(0xFFFF << 32, 96, .reserved)
    private static let translated = Network<UInt128>(0x64_FF9B << 96, 96, .reserved)
    private static let sixToFour = Network<UInt128>(0x2002 << 112, 16, .reserved)

    private static let ipv4: [Network<UInt32>] = [
        Network(0x0000_0000, 8, .unspecified),  // 0.0.0.0/8
        Network(0x0A00_0000, 8, .private),  // 10.0.0.0/8
        Network(0x6440_0000, 10, .shared),  // 100.64.0.0/10
        Network(0x7F00_0000, 8, .loopback),  // 127.0.0.0/8
        Network(0xA9FE_0000, 16, .linkLocal),  // 169.254.0.0/16
        Network(0xAC10_0000, 12, .private),  // 172.16.0.0/12
        Network(0xC000_0000, 24, .reserved),  // 192.0.0.0/24
        Network(0xC000_0200, 24, .reserved),  // 192.0.2.0/24
        Network(0xC058_6300, 24, .reserved),  // 192.88.99.0/24
        Network(0xC0A8_0000, 16, .private),  // 192.168.0.0/16
        Network(0xC612_0000, 15, .reserved),  // 198.18.0.0/15
        Network(0xC633_6400, 24, .reserved),  // 198.51.100.0/24
        Network(0xCB00_7100, 24, .reserved),  // 203.0.113.0/24
        Network(0xE000_0000, 4, .multicast),  // 224.0.0.0/4
        Network(0xF000_0000, 4, .reserved),  // 240.0.0.0/4, with 255.255.255.255
    ]

    /// The narrow ones first. What none of them has is not assigned to anybody.
    private static let ipv6: [Network<UInt128>] = [
        Network(0, 128, .unspecified),  // ::
        Network(1, 128, .loopback),  // ::1
        Network(0x64_FF9B_0001 << 80, 48, .private),  // 64:ff9b:1::/48, NAT64 of a site (RFC 8215)
        Network(0x2001 << 112, 23, .reserved),  // 2001::/23, with Teredo
        Network(0x2001_0DB8 << 96, 32, .reserved),  // 2001:db8::/32
        Network(0x3FFF << 112, 20, .reserved),  // 3fff::/20
        Network(0x2000 << 112, 3, .global),  // 2000::/3
        Network(0xFC00 << 112, 7, .private),  // fc00::/7
        Network(0xFE80 << 112, 10, .linkLocal),  // fe80::/10
        Network(0xFEC0 << 112, 10, .private),  // fec0::/10
        Network(0xFF00 << 112, 8, .multicast),  // ff00::/8
    ]
}

extension SocketAddress {
    /// The address as IPv6 has it, IPv4 mapped into it (RFC 4291, 2.5.5.2), so that spellings compare; nil for a path.
    var number: UInt128? {
        switch self {
        // RFC 3493: family and port, and for IPv6 its flow, stand before the octets of the address.
        case .v4(let address): UInt128(0xFFFF) << 32 | Self.number(address.address, at: 4..<8)
        case .v6(let address): Self.number(address.address, at: 8..<24)
        case .unixDomainSocket: nil
        }
    }

    private static func number<Raw>(_ address: Raw, at range: Range<Int>) -> UInt128 {
        withUnsafeBytes(of: address) { bytes in bytes[range].reduce(0) { $0 << 8 | UInt128($1) } }
    }
}

/// Every address that begins with the same bits.
private struct Network<Bits: FixedWidthInteger & Sendable>: Sendable {
    private let prefix: Bits
    private let length: Int
    let `class`: AddressClass

    init(_ prefix: Bits, _ length: Int, _ class: AddressClass) {
        self.prefix = prefix
        self.length = length
        self.class = `class`
    }

    func contains(_ address: Bits) -> Bool { (address ^ self.prefix) >> (Bits.bitWidth - self.length) == 0 }
}
