// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// What is asked of clients, as connections use it: every request needs all of it.
struct ClientLimits: Sendable {
    let headerTimeout: TimeAmount
    let keepAlive: TimeAmount
    /// How fast a client has to be within an exchange.
    let pace: Pace
    let connections: ConnectionGate.Limits
    let limits: HeadLimits

    init(_ settings: DownstreamConfiguration) {
        self.headerTimeout = TimeAmount(settings.headerTimeout)
        self.keepAlive = TimeAmount(settings.keepAlive)
        self.pace = Pace(rate: settings.minRate, slack: TimeAmount(settings.idle))
        self.connections = ConnectionGate.Limits(
            total: settings.maxConnections,
            perAddress: settings.maxConnectionsPerAddress
        )
        self.limits = HeadLimits(
            line: settings.maxTarget,
            fields: settings.maxHeaderSize,
            count: settings.maxHeaderCount
        )
    }
}
