// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// To which addresses a name may lead, so that whoever controls a name does not reach what only this machine can.
enum AddressPolicy: Sendable, Equatable {
    /// The public internet.
    case global
    /// That, and this machine: what `localhost` says.
    case loopback
    /// Whatever the operator has written.
    case any

    func allows(_ address: AddressClass) -> Bool {
        switch self {
        case .any: true
        case .loopback: address == .global || address == .loopback
        case .global: address == .global
        }
    }
}

extension UpstreamConfiguration {
    /// A url that names an address names just that; a name may lead anywhere, and tomorrow elsewhere.
    var addressPolicy: AddressPolicy {
        if self.isPrivate || self.url.hostIsAddress { return .any }
        let host = self.url.host.hasSuffix(".") ? self.url.host.dropLast() : self.url.host[...]
        return host == "localhost" || host.hasSuffix(".localhost") ? .loopback : .global
    }
}

extension UpstreamURL {
    /// Whether the host is a numeric address.
    var hostIsAddress: Bool {
        (try? SocketAddress(ipAddress: self.host, port: 0)) != nil
    }
}
