// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Where this process itself listens: a connection to there would go round.
package final class ListenerAddresses: Sendable {
    private let addresses = Mutex<[SocketAddress]>([])

    init() {}

    func replace(with addresses: [SocketAddress]) { self.addresses.withLock { $0 = addresses } }

    func contains(_ address: SocketAddress) -> Bool {
        guard let port = address.port else { return false }
        return self.addresses.withLock { $0.filter { $0.port == port } }.contains { $0.isReached(by: address) }
    }
}

extension SocketAddress {
    /// Whether a connection to another address with the same port ends at a socket that listens here.
    func isReached(by address: SocketAddress) -> Bool {
        if self.number == address.number { return true }
        switch (AddressClass(self), AddressClass(address)) {
        // Systems take a connection to no address for one to themselves.
        case (.unspecified, .loopback), (.unspecified, .unspecified), (.loopback, .unspecified): return true
        case (.unspecified, _):
            // Asks the system, which happens only to a connection to a listener's port.
            return ((try? System.enumerateDevices()) ?? []).contains { $0.address?.number == address.number }
        default: return false
        }
    }
}

extension Listener {
    /// Whether an authority that needs no look-up, an address or `localhost`, is the place of this listener.
    func isReached(by authority: Authority, defaultPort: Int) -> Bool {
        let port = authority.port ?? defaultPort
        guard let own = self.localAddress, own.port == port else { return false }
        let addresses = authority.name == "localhost" ? ["127.0.0.1", "::1"] : [authority.name]
        return addresses.contains { address in
            (try? SocketAddress(ipAddress: address, port: port)).map { own.isReached(by: $0) } ?? false
        }
    }
}
