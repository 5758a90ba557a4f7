// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOSSL

/// The ways to close it, which differ in what the peer can take from them.
extension ByteStream {
    /// Closes at once; of what was written, that is sent which the socket takes without waiting.
    func close() {
        guard let context = self.context else { return }
        // Else TLS would not take the peer's goodbye for an answer to ours.
        try? self.options?.setOption(.allowRemoteHalfClosure, value: false)
        context.flush()
        context.close(promise: nil)
    }

    /// Says that nothing more will be sent; what the peer still sends can be read.
    func closeOutput() {
        guard let context = self.context else { return }
        context.flush()
        context.close(mode: .output, promise: nil)
    }

    /// Reads what the peer still sends, and drops it: as long as it keeps coming and something of it is awaited, and for ten
    /// seconds at most. Meanwhile the peer gets to read what it was sent.
    func dropRest(idle: TimeAmount, until isDone: () -> Bool = { false }) async {
        let end = NIODeadline.now() + .seconds(10)
        self.received.clear()
        while !isDone(), (try? await self.receiveMore(until: min(end, .now() + idle))) != nil {
            self.received.clear()
        }
    }

    /// Closes so that the peer cannot take what it got for a whole message: with a reset (RFC 9112, 9.6). Nor does the
    /// kernel keep what the peer has not taken.
    func reset() {
        guard let context = self.context else { return }
        switch context.channel {
        // On the loop of the channel this takes effect before it returns.
        case let socket as any SocketOptionProvider: _ = socket.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        case let tunnel as TunnelChannel: tunnel.cutOff()
        // A stream of HTTP/2 that has not ended is reset by being closed.
        default: break
        }
        // Past TLS, which would say goodbye first, and so that this is all.
        let pipeline = context.pipeline.syncOperations
        let tls =
            (try? pipeline.context(handlerType: NIOSSLServerHandler.self))
            ?? (try? pipeline.context(handlerType: NIOSSLClientHandler.self))
        (tls ?? context).close(promise: nil)
    }
}
