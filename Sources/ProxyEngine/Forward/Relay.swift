// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// Bytes that nobody here looks at, both ways between a client and a server, until both have said all.
struct Relay {
    let client: ByteStream
    let server: ByteStream
    let worker: Worker
    let settings: ForwardConfiguration

    struct Record {
        var bytesIn = 0
        var bytesOut = 0
        /// Why it was given up, if it was.
        var reason: ProxyError.Kind?
    }

    /// Returns when it has ended, however it did.
    func run() async -> Record {
        // From here on its end is one side's end of the tunnel, which the other side may have to hear more after.
        for stream in [self.client, self.server] {
            stream.onClose = nil
            stream.onInputClosed = nil
            stream.onReceive = nil
            stream.allowHalfClosure()
        }
        let pulse = TunnelPulse(self.settings)
        let up = TunnelDirection(from: self.client, to: self.server, pulse)
        let down = TunnelDirection(from: self.server, to: self.client, pulse)
        let bound = self.worker.bind(down)
        let answering = self.worker.start { await bound.value.run() }
        await up.run()
        await answering.value
        self.server.close()
        return Record(bytesIn: up.count, bytesOut: down.count, reason: pulse.reason)
    }
}
