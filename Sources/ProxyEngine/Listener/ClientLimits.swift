// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// What is asked of clients, as connections use it: every request needs all of it.
struct ClientLimits: Sendable {
    let headerTimeout: TimeAmount
    let keepAlive: TimeAmount
    /// How long a client may take or send nothing within an exchange.
    let idle: TimeAmount
    let limits: HeadLimits

    init(_ settings: DownstreamConfiguration) {
        self.headerTimeout = TimeAmount(settings.headerTimeout)
        self.keepAlive = TimeAmount(settings.keepAlive)
        self.idle = TimeAmount(settings.idle)
        self.limits = HeadLimits(
            line: settings.maxTarget,
            fields: settings.maxHeaderSize,
            count: settings.maxHeaderCount
        )
    }
}
