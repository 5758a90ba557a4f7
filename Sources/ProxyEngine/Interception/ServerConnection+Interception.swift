// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOSSL
import ProxyConfiguration

extension ServerConnection {
    /// Opens a tunnel here, in the place of a declared host.
    ///
    /// - Returns: Whether requests of HTTP/1 may follow.
    func intercept(_ arrival: Arrival, as origin: Authority, _ tls: NIOSSLContext) async -> Bool {
        Tunnel.confirm(to: self.stream)
        self.finished(arrival.request, Response(ResponseHead(200)), bytesIn: 0, .init(), arrival.dispatcher)
        let timeout = TimeAmount(arrival.dispatcher.snapshot.configuration.downstream.handshakeTimeout)
        return await self.begin { (guest) throws(ByteStream.Interruption) in
            try guest.enter(OpenedTunnel(to: origin, by: arrival.request), tls, until: .now() + timeout)
        }
    }
}
