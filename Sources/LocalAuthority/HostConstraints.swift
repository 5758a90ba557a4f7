// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// A host as certificates name it.
enum HostName {
    case name(String)
    /// 4 or 16.
    case address([UInt8])

    init(_ host: String) {
        let address = try? SocketAddress(ipAddress: host, port: 0)
        switch address {
        // RFC 3493: family and port, and for IPv6 its flow, stand before the octets of the address.
        case .v4(let address)?: self = .address(withUnsafeBytes(of: address.address) { Array($0[4..<8]) })
        case .v6(let address)?: self = .address(withUnsafeBytes(of: address.address) { Array($0[8..<24]) })
        case .unixDomainSocket?, nil: self = .name(host)
        }
    }

    /// A general name (RFC 5280, 4.2.1.6), encoded.
    var encoded: [UInt8] {
        switch self {
        case .name(let name): DER.node(0x82, Array(name.utf8))
        case .address(let octets): DER.node(0x87, octets)
        }
    }
}

/// The hosts that an authority is limited to, with what is below their names (RFC 5280, 4.2.1.10).
struct HostConstraints: Sendable {
    private var names: [String] = []
    private var addresses: [[UInt8]] = []

    init(_ hosts: [String]) {
        for host in hosts {
            switch HostName(host) {
            case .name(let name): self.names.append(name)
            case .address(let octets): self.addresses.append(octets)
            }
        }
    }

    /// - Parameter encoded: What the extension of a certificate holds.
    init(encoded: ArraySlice<UInt8>) {
        let permitted = DERNode.all(in: encoded)?.first?.parts.first { $0.tag == 0xA0 }
        for base in permitted?.parts.compactMap(\.parts.first) ?? [] {
            switch base.tag {
            case 0x82: self.names.append(String(decoding: base.content, as: UTF8.self))
            case 0x87: self.addresses.append(Array(base.content.prefix(base.content.count / 2)))
            default: break
            }
        }
    }

    func allow(_ host: String) -> Bool {
        switch HostName(host) {
        case .name(let name): self.names.contains { name == $0 || name.hasSuffix("." + $0) }
        case .address(let octets): self.addresses.contains(octets)
        }
    }

    /// A kind of name that nothing is said about is not constrained, so both are spoken of.
    var encoded: [UInt8] {
        let names = self.names.isEmpty ? ["windbreak.invalid"] : self.names
        let permitted =
            names.map { HostName.name($0).encoded }
            + self.addresses.map { DER.node(0x87, $0 + [UInt8](repeating: 0xFF, count: $0.count)) }
        // An address and its mask: all there are.
        let excluded = self.addresses.isEmpty ? [8, 32].map { DER.node(0x87, [UInt8](repeating: 0, count: $0)) } : []
        return DER.sequence(
            DER.node(0xA0, permitted.flatMap { DER.sequence($0) }),
            excluded.isEmpty ? [] : DER.node(0xA1, excluded.flatMap { DER.sequence($0) })
        )
    }
}
