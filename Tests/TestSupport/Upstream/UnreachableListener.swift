// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// A port whose queue is full and never emptied: whoever connects waits, as for a host that drops every packet.
package final class UnreachableListener: Sendable {
    package let port: Int
    private let listener: any Channel
    private let waiting: [any Channel]

    package init() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        self.listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 0)
            .serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0)
            .value("a listener to bind")
        self.port = self.listener.localAddress?.port ?? 0
        var waiting: [any Channel] = []
        let bootstrap = ClientBootstrap(group: group).connectTimeout(.milliseconds(200))
        while waiting.count < 32, let channel = try? await bootstrap.connect(host: "127.0.0.1", port: self.port).get() {
            waiting.append(channel)
        }
        self.waiting = waiting
    }

    package func stop() async {
        for channel in self.waiting + [self.listener] { try? await channel.close().value("a close") }
    }
}
