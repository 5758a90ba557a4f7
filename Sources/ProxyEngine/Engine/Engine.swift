// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
package import Logging
package import NIOCore
import NIOPosix
package import ProxyConfiguration
import Synchronization

/// The data plane of one process: event loops, listeners, and the snapshot that requests are answered by.
package final class Engine: Sendable {
    package typealias Routes = @Sendable (Snapshot) -> [LocalRoute]

    let group: MultiThreadedEventLoopGroup
    let workers: [Worker]
    package let metrics: EngineMetrics
    private let logger: Logger
    private let access: AccessLog
    private let mainRoutes: Routes
    private let adminRoutes: Routes
    /// Nil until the start.
    private let current = Mutex<Dispatcher?>(nil)
    private let listeners = Mutex<[Listener]>([])
    private let listenerAddresses = ListenerAddresses()

    /// - Parameter threads: Event loops; nil is one for each processor.
    /// - Parameter mainRoutes: What the proxy itself answers on the main listeners, made anew for each snapshot.
    package init(
        threads: Int?,
        logger: Logger,
        access: AccessLog,
        mainRoutes: @escaping Routes,
        adminRoutes: @escaping Routes
    ) {
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: threads ?? System.coreCount)
        self.workers = self.group.makeIterator().enumerated().map { Worker(loop: $1, index: $0) }
        self.metrics = EngineMetrics()
        self.logger = logger
        self.access = access
        self.mainRoutes = mainRoutes
        self.adminRoutes = adminRoutes
    }

    /// What requests that begin now are answered by.
    var dispatcher: Dispatcher? { self.current.withLock { $0 } }

    /// The configuration as it runs; nil until the start.
    package var snapshot: Snapshot? { self.dispatcher?.snapshot }

    // MARK: Life

    /// Builds the snapshot and opens the listeners.
    package func start(_ configuration: Configuration) async throws(EngineError) {
        try await self.reload(configuration)
    }

    /// Swaps the configuration. Requests in flight end on the old one; circuits, pools, metrics and stored answers of an
    /// upstream that keeps its name live on. When it throws, nothing has changed.
    package func reload(_ configuration: Configuration) async throws(EngineError) {
        let old = self.snapshot
        let builder = SnapshotBuilder(
            self.workers,
            logger: self.logger,
            metrics: self.metrics,
            listeners: self.listenerAddresses
        )
        let snapshot = try builder.build(configuration, after: old)
        let dispatcher = Dispatcher(snapshot, main: self.mainRoutes(snapshot), admin: self.adminRoutes(snapshot))
        let (kept, gone) = self.sortListeners(for: configuration)
        let opened = try await self.open(configuration, besides: kept)
        self.current.withLock { $0 = dispatcher }
        builder.takeOver(snapshot, from: old)
        self.listeners.withLock { $0 = kept + opened }
        self.listenerAddresses.replace(with: (kept + opened).compactMap(\.localAddress))
        for listener in opened { listener.startAccepting() }
        for listener in gone { await listener.drain() }
    }

    /// Accepts nothing more and waits for the exchanges in flight.
    ///
    /// - Returns: How many connections had to be cut off when the time was up.
    package func drain(within duration: Duration) async -> Int {
        let listeners = self.listeners.withLock { $0 }
        for listener in listeners { await listener.drain() }
        return await withTaskGroup(of: Int.self) { group in
            for listener in listeners { group.addTask { await listener.ended(within: duration) } }
            return await group.reduce(0, +)
        }
    }

    /// Ends the event loops. Nothing runs afterwards.
    package func shutdown() async {
        try? await self.group.shutdownGracefully()
    }

    // MARK: Listeners

    /// Where the main listeners are bound, in the order of the file.
    package var mainAddresses: [SocketAddress] { self.addresses(of: .main) }

    package var adminAddress: SocketAddress? { self.addresses(of: .admin).first }

    private func addresses(of role: Listener.Role) -> [SocketAddress] {
        self.listeners.withLock { $0 }.filter { $0.role == role }.compactMap(\.localAddress)
    }

    private func sortListeners(for configuration: Configuration) -> (kept: [Listener], gone: [Listener]) {
        let wanted = Self.addresses(in: configuration)
        let listeners = self.listeners.withLock { $0 }
        let kept = listeners.filter { listener in wanted.contains { $0 == (listener.address, listener.role) } }
        let gone = listeners.filter { listener in !kept.contains { $0 === listener } }
        return (kept, gone)
    }

    private func open(_ configuration: Configuration, besides kept: [Listener]) async throws(EngineError) -> [Listener]
    {
        var opened: [Listener] = []
        for (address, role) in Self.addresses(in: configuration)
        where !kept.contains(where: { ($0.address, $0.role) == (address, role) }) {
            let listener = Listener(address, role: role, engine: self)
            do {
                try await listener.bind()
            } catch {
                for listener in opened { await listener.drain() }
                throw EngineError.cannotListen(address, error)
            }
            opened.append(listener)
        }
        return opened
    }

    private static func addresses(in configuration: Configuration) -> [(ListenAddress, Listener.Role)] {
        configuration.listen.map { ($0, .main) } + [configuration.admin].compactMap { $0.map { ($0, .admin) } }
    }

    func worker(of loop: any EventLoop) -> Worker? {
        self.workers.first { $0.loop === loop }
    }

    // MARK: Requests

    /// Called once for each request, when its answer has been written or given up.
    func finished(
        _ request: Request,
        _ report: ExchangeReport,
        status: Int,
        bytesIn: Int,
        bytesOut: Int,
        at role: Listener.Role,
        masked mask: TargetMask
    ) {
        if report.upstream == nil { self.metrics.exchangeEnded(report, status: status) }
        self.metrics.transferred(bytesIn: bytesIn, bytesOut: bytesOut, at: role)
        guard self.access.isEnabled else { return }
        self.access.write(
            AccessLine(
                id: request.id,
                client: request.client.address,
                method: request.head.method.rawValue,
                path: mask.masked(request.head.target),
                status: status,
                report: report,
                bytesIn: bytesIn,
                bytesOut: bytesOut,
                duration: .now() - request.arrival,
                listener: role
            )
        )
    }
}
