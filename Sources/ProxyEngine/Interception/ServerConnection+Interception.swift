// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Logging
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
        do throws(ByteStream.Interruption) {
            try await self.guest.enter(OpenedTunnel(to: origin, by: arrival.request), tls, until: .now() + timeout)
        } catch {
            self.listener.engine.logger.warning("\(InterceptionFailure(error, origin, self.guest.client))")
            return false
        }
        guard self.stream.negotiatedProtocol == "h2" else { return true }
        self.openSession()
        return false
    }
}
