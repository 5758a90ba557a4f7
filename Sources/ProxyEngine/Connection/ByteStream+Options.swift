// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension ByteStream {
    /// What there is to be asked and told of the channel: of a stream of HTTP/2 nothing, since it ends the process when it
    /// is asked for what it does not know.
    var options: (any NIOSynchronousChannelOptions)? {
        guard let channel = self.channel, channel is any SocketOptionProvider || channel is TunnelChannel else {
            return nil
        }
        return channel.syncOptions
    }

    /// From now on a peer that ends what it sends is still written to.
    func allowHalfClosure() {
        // A stream of HTTP/2 is never without it.
        try? self.options?.setOption(.allowRemoteHalfClosure, value: true)
    }
}
