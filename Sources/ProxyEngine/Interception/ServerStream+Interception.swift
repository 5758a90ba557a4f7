// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOSSL
import ProxyConfiguration

extension ServerStream {
    /// Opens a tunnel here, in the place of a declared host: what comes on the stream from here on is a connection of its
    /// own.
    func intercept(_ request: Request, as origin: Authority, _ tls: NIOSSLContext, _ dispatcher: Dispatcher) async {
        let deadline = NIODeadline.now() + TimeAmount(dispatcher.snapshot.configuration.downstream.handshakeTimeout)
        let guest = Guest(stream: ByteStream(loop: self.worker.loop), client: self.client, deadline: deadline)
        do {
            try self.stream.handOver { stream in
                let end = TunnelEnd(self.framing)
                let channel = TunnelChannel(over: end, of: stream)
                do {
                    try channel.pipeline.syncOperations.addHandler(guest.stream)
                    try guest.enter(OpenedTunnel(to: origin, by: request), tls, until: deadline)
                    try self.listener.serve(guest, from: self.origin, on: self.worker)
                } catch {
                    channel.ended()
                    throw error
                }
                self.framing.beginTunnel()
                end.open(channel, on: stream)
                end.flush()
            }
        } catch {
            let error = ProxyError(.forbidden, "the client's address has as many connections as it may have")
            return await self.finish(request, with: error.response(), dispatcher)
        }
        self.finished(request, Response(ResponseHead(200)), bytesIn: 0, .init(), dispatcher)
    }
}
