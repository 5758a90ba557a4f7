// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix

/// A listening socket on the loopback interface that can go down, as a crashed server does, and come back.
actor Listener {
    private let group: any EventLoopGroup
    private let answer: @Sendable (Request) async -> Reply
    private let connections = OpenConnections()
    private var port: Int
    private var socket: (any Channel)?

    init(port: Int, group: any EventLoopGroup, answer: @escaping @Sendable (Request) async -> Reply) {
        self.port = port
        self.group = group
        self.answer = answer
    }

    /// Listens, on the port of the last time if there was one, and says on which address.
    @discardableResult
    func open() async throws -> String {
        if self.socket == nil {
            let answer = self.answer
            let connections = self.connections
            let bootstrap = ServerBootstrap(group: self.group)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        connections.add(channel)
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.configureHTTPServerPipeline()
                        try pipeline.addHandler(ConnectionHandler(answer: answer))
                    }
                }
            let socket = try await bootstrap.bind(host: "127.0.0.1", port: self.port).get()
            self.port = socket.localAddress?.port ?? self.port
            self.socket = socket
        }
        return "http://127.0.0.1:\(self.port)"
    }

    /// Refuses connections from now on and resets the ones there are.
    func close() async {
        guard let socket = self.socket else { return }
        self.socket = nil
        try? await socket.close()
        for channel in self.connections.all { channel.reset() }
    }
}

extension Channel {
    /// Ends the connection with RST instead of FIN.
    func reset() {
        guard let options = self as? any SocketOptionProvider else { return self.close(promise: nil) }
        options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in self.close(promise: nil) }
    }
}
