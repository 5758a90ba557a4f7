// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOPosix
import ProxyConfiguration
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One bound address with the connections that came in through it.
package final class Listener: Sendable {
    /// Which routes are served here.
    package enum Role: String, Sendable { case main, admin }

    let role: Role
    let address: ListenAddress
    let engine: Engine
    /// How those that connect now are met; a reload replaces it.
    private let reception: Mutex<Reception>
    private let socketFile = Mutex<UnixSocketFile?>(nil)
    private let channel = Mutex<(any Channel)?>(nil)
    /// One set for each worker, by its index.
    private let connections: [NIOLoopBoundBox<ConnectionSet>]
    private let open = OpenCount()
    private let isAccepting = Atomic(false)

    /// For each worker.
    private static let shedAtOnce = 64

    private final class ConnectionSet {
        var connections: [ObjectIdentifier: ServerConnection] = [:]
        var isDraining = false
        /// Whether the pace of readers is looked at from time to time.
        var isWatched = false
    }

    /// What a configuration wants to have, main listeners first.
    static func all(in configuration: Configuration) -> [(ListenerConfiguration, Role)] {
        configuration.listen.map { ($0, .main) } + [configuration.admin].compactMap { $0.map { ($0, .admin) } }
    }

    init(_ address: ListenAddress, role: Role, reception: Reception, engine: Engine) {
        self.address = address
        self.reception = Mutex(reception)
        self.role = role
        self.engine = engine
        self.connections = engine.workers.map { .makeBoxSendingValue(ConnectionSet(), eventLoop: $0.loop) }
    }

    /// Takes the address; clients that connect wait until `startAccepting`.
    ///
    /// - Throws: Whatever the system says against the address.
    func bind() async throws {
        let bootstrap = ServerBootstrap(group: self.engine.group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.maxMessagesPerRead, value: 64)
            .serverChannelOption(.autoRead, value: false)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let trouble = AcceptTrouble(self.engine.logger) { [weak self] in self?.rest($0) }
                    try channel.pipeline.syncOperations.addHandler(trouble)
                }
            }
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 32 << 10, high: 128 << 10))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.accept(channel) }
            }
        let channel: any Channel
        switch self.address {
        case .tcp(let host, let port):
            channel =
                try await bootstrap
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
                // Of what a slow reader does not take the system keeps this much, and not megabytes.
                .childChannelOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: 128 << 10)
                .bind(host: host, port: port)
                .get()
        case .unix(let path):
            try UnixSocketFile.clear(path)
            channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            let file = try UnixSocketFile(bound: path)
            self.socketFile.withLock { $0 = file }
        }
        self.channel.withLock { $0 = channel }
    }

    /// What the configuration says of how clients are met has changed. Connections that stand are not touched.
    func apply(_ reception: Reception) {
        self.reception.withLock { $0 = reception }
    }

    /// Leaves new connections where they are, in the queue of the system, or takes them again.
    func setAccepting(_ isAccepting: Bool) {
        self.isAccepting.store(isAccepting, ordering: .sequentiallyConsistent)
        guard let channel = self.channel.withLock({ $0 }) else { return }
        channel.setOption(.autoRead, value: isAccepting).whenSuccess { if isAccepting { channel.read() } }
    }

    /// Leaves new connections where they are for a moment, and takes them again unless they are not wanted by then.
    private func rest(_ channel: any Channel) {
        _ = channel.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: AcceptTrouble.pause) { [weak self] in
            guard let self, self.isAccepting.load(ordering: .sequentiallyConsistent) else { return }
            self.setAccepting(true)
        }
    }

    var localAddress: SocketAddress? { self.channel.withLock { $0?.localAddress } }

    /// As a client would write it: `https://127.0.0.1:8443`, with the port that the system chose.
    var url: String {
        guard case .tcp = self.address, let bound = self.localAddress, let host = bound.ipAddress else {
            return self.address.description
        }
        let scheme = self.reception.withLock { $0.tls } == nil ? "http" : "https"
        return "\(scheme)://\(ListenAddress(host: host, port: bound.port ?? 0))"
    }

    private func accept(_ channel: any Channel) throws {
        guard let worker = self.engine.worker(of: channel.eventLoop) else {
            throw ChannelError.inappropriateOperationForState
        }
        let reception = self.reception.withLock { $0 }
        // Who speaks for others is not one client.
        let isCounted = self.role == .main && !reception.trusted.contains(channel.remoteAddress?.ipAddress)
        let origin = isCounted ? ConnectionGate.Origin(channel.remoteAddress) : nil
        // What is thrown closes the connection.
        try self.serve(try reception.receive(channel, on: worker), from: origin, on: worker)
    }

    /// Serves a connection: one that was accepted, or one within a tunnel that another has opened.
    ///
    /// - Throws: When whoever it is counted for has as many as it may have.
    func serve(_ guest: Guest, from origin: ConnectionGate.Origin?, on worker: Worker) throws {
        // Counted last: whoever is counted is taken off by `remove` and by nothing else.
        if self.role == .main { try self.engine.admit(origin) }
        let connection = ServerConnection(guest, origin: origin, worker: worker, listener: self)
        let set = self.connections[worker.index].value
        set.connections[ObjectIdentifier(connection)] = connection
        self.open.add()
        self.engine.metrics.connectionOpened(at: self.role)
        if set.isDraining { connection.drain() }
        connection.start()
        if !set.isWatched { self.watch(set, on: worker) }
    }

    /// Looks after slow readers, as long as there are connections.
    private func watch(_ set: ConnectionSet, on worker: Worker) {
        let pace = self.engine.dispatcher?.clients.pace
        set.isWatched = pace != nil && !set.connections.isEmpty
        guard set.isWatched, let pace else { return }
        worker.loop.assumeIsolated().scheduleTask(in: pace.checkInterval) {
            let now = NIODeadline.now()
            for connection in Array(set.connections.values) { connection.checkPace(pace, now: now) }
            self.watch(set, on: worker)
        }
    }

    func remove(_ connection: ServerConnection, on worker: Worker) {
        guard self.connections[worker.index].value.connections.removeValue(forKey: ObjectIdentifier(connection)) != nil
        else { return }
        self.engine.metrics.connectionClosed(at: self.role)
        self.open.remove()
        if self.role == .main { self.engine.leave(connection.origin) }
    }

    // MARK: Ending

    /// Accepts nothing more, and ends every connection after the exchange that it has.
    func drain() async {
        let channel = self.channel.withLock { $0.take() }
        try? await channel?.close().get()
        self.socketFile.withLock { $0 = nil }
        self.onEveryWorker { set in
            set.isDraining = true
            for connection in Array(set.connections.values) { connection.drain() }
        }
    }

    /// Ends some connections on which nothing is going on, to make room.
    func shed() {
        self.onEveryWorker { set in
            var left = Self.shedAtOnce
            for connection in Array(set.connections.values) where left > 0 && connection.closeIfIdle() { left -= 1 }
        }
    }

    /// Returns when every connection has ended, or the time is up; then the rest is cut off.
    ///
    /// - Returns: How many connections were cut off.
    func ended(within duration: Duration) async -> Int {
        let expiry = self.engine.group.any().scheduleTask(in: TimeAmount(duration)) { self.open.giveUp() }
        await self.open.isZero()
        expiry.cancel()
        let left = self.open.count
        self.onEveryWorker { set in
            for connection in Array(set.connections.values) { connection.cut() }
        }
        return left
    }

    private func onEveryWorker(_ body: @escaping @Sendable (ConnectionSet) -> Void) {
        for (worker, box) in zip(self.engine.workers, self.connections) {
            worker.loop.execute { body(box.value) }
        }
    }
}
