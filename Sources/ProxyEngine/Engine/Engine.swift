// SPDX-License-Identifier: Apache-2.0

import CacheFile
import HTTPMessage
package import Logging
package import NIOCore
import NIOPosix
package import ProxyConfiguration
import Resilience
import Synchronization

/// The data plane of one process: event loops, listeners, and the snapshot that requests are answered by.
package final class Engine: Sendable {
    package typealias Routes = @Sendable (Snapshot) -> [LocalRoute]

    let group: MultiThreadedEventLoopGroup
    let workers: [Worker]
    package let metrics: EngineMetrics
    let logger: Logger
    private let gate: ConnectionGate
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
        let gate = ConnectionGate(files: ConnectionGate.filesOfProcess)
        self.gate = gate
        self.workers = self.group.makeIterator().enumerated().map { Worker(loop: $1, index: $0, gate: gate) }
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
        let file = old == nil ? await self.openCacheFile(configuration.store) : old?.cacheFile
        let snapshot = try builder.build(configuration, after: old, file: file)
        let dispatcher = Dispatcher(
            snapshot,
            workers: self.workers,
            main: self.mainRoutes(snapshot),
            admin: self.adminRoutes(snapshot)
        )
        let places = try Self.places(in: configuration)
        let (kept, gone) = self.sortListeners(for: places)
        let opened = try await self.open(places, besides: kept)
        self.current.withLock { $0 = dispatcher }
        builder.takeOver(snapshot, from: old)
        self.listeners.withLock { $0 = kept + opened }
        self.listenerAddresses.replace(with: (kept + opened).compactMap(\.localAddress))
        for listener in kept { places.first { $0.isPlace(of: listener) }.map { listener.apply($0.reception) } }
        for listener in opened { listener.setAccepting(true) }
        for listener in gone { await listener.drain() }
    }

    private func openCacheFile(_ store: StoreConfiguration) async -> CacheFile? {
        guard let path = store.file else { return nil }
        return await CacheFile.open(path, maxSize: store.maxSize, logger: self.logger)
    }

    /// Accepts nothing more, waits for the exchanges in flight, and writes what of their answers is kept.
    ///
    /// - Returns: How many connections had to be cut off when the time was up.
    package func drain(within duration: Duration) async -> Int {
        let listeners = self.listeners.withLock { $0 }
        for listener in listeners { await listener.drain() }
        let cut = await withTaskGroup(of: Int.self) { group in
            for listener in listeners { group.addTask { await listener.ended(within: duration) } }
            return await group.reduce(0, +)
        }
        await self.snapshot?.cacheFile?.close()
        return cut
    }

    /// Ends the event loops. Nothing runs afterwards.
    package func shutdown() async {
        try? await self.group.shutdownGracefully()
    }

    // MARK: Listeners

    /// Where the main listeners are bound, in the order of the file.
    package var mainAddresses: [SocketAddress] { self.addresses(of: .main) }

    package var adminAddress: SocketAddress? { self.addresses(of: .admin).first }

    /// Where clients connect, as they would write it: `https://127.0.0.1:8443`, `unix:/path`.
    package var mainURLs: [String] { self.listeners.withLock { $0 }.filter { $0.role == .main }.map(\.url) }

    package var adminURL: String? { self.listeners.withLock { $0 }.first { $0.role == .admin }?.url }

    private func addresses(of role: Listener.Role) -> [SocketAddress] {
        self.listeners.withLock { $0 }.filter { $0.role == role }.compactMap(\.localAddress)
    }

    /// A listener as the configuration wants it.
    private struct Place {
        var address: ListenAddress
        var role: Listener.Role
        var reception: Reception

        func isPlace(of listener: Listener) -> Bool { (self.address, self.role) == (listener.address, listener.role) }
    }

    private static func places(in configuration: Configuration) throws(EngineError) -> [Place] {
        var places: [Place] = []
        for (listener, role) in Listener.all(in: configuration) {
            do {
                let reception = try Reception(listener, timeout: configuration.downstream.handshakeTimeout)
                places.append(Place(address: listener.address, role: role, reception: reception))
            } catch {
                throw EngineError.cannotSecure(listener.address, error)
            }
        }
        return places
    }

    private func sortListeners(for places: [Place]) -> (kept: [Listener], gone: [Listener]) {
        let listeners = self.listeners.withLock { $0 }
        let kept = listeners.filter { listener in places.contains { $0.isPlace(of: listener) } }
        let gone = listeners.filter { listener in !kept.contains { $0 === listener } }
        return (kept, gone)
    }

    private func open(_ places: [Place], besides kept: [Listener]) async throws(EngineError) -> [Listener] {
        var opened: [Listener] = []
        for place in places where !kept.contains(where: place.isPlace) {
            let listener = Listener(place.address, role: place.role, reception: place.reception, engine: self)
            do {
                try await listener.bind()
            } catch {
                for listener in opened { await listener.drain() }
                throw EngineError.cannotListen(place.address, error)
            }
            opened.append(listener)
        }
        return opened
    }

    // MARK: Connections

    /// Counts a connection to a main listener.
    ///
    /// - Throws: When its address has as many as it may have.
    func admit(_ origin: ConnectionGate.Origin?) throws {
        guard let limits = self.dispatcher?.clients.connections else { return }
        switch self.gate.enter(origin, limits) {
        case .admitted: break
        case .refused: throw ChannelError.operationUnsupported
        case .last:
            self.logger.warning("[LIMIT] all connections are taken: new ones wait until some end")
            for listener in self.mainListeners {
                listener.setAccepting(false)
                listener.shed()
            }
        }
    }

    /// Counts an admitted connection for the address that a PROXY header announced.
    ///
    /// - Returns: False when that has as many as it may have.
    func identify(_ origin: ConnectionGate.Origin) -> Bool {
        guard let limits = self.dispatcher?.clients.connections else { return true }
        return self.gate.identify(origin, limits)
    }

    /// Every connection that was admitted leaves once.
    func leave(_ origin: ConnectionGate.Origin?) {
        guard let limits = self.dispatcher?.clients.connections, self.gate.leave(origin, limits) else { return }
        for listener in self.mainListeners { listener.setAccepting(true) }
    }

    private var mainListeners: [Listener] { self.listeners.withLock { $0 }.filter { $0.role == .main } }

    func worker(of loop: any EventLoop) -> Worker? {
        self.workers.first { $0.loop === loop }
    }

    // MARK: Requests

    /// Called once for each request, when its answer has been written or given up.
    ///
    /// - Parameter written: What the client was sent of the response; an error there is how the exchange ended.
    func finished(
        _ request: Request,
        _ response: Response,
        bytesIn: Int,
        _ written: ResponseWriter.Written,
        at role: Listener.Role,
        masked mask: TargetMask
    ) {
        let report = written.error.map { response.report(endedBy: $0) } ?? response.finalReport
        let (status, bytesOut) = (response.head.status, written.bytes)
        response.end?.count(report, status: status)
        if report.upstream == nil { self.metrics.exchangeEnded(report, status: status) }
        self.metrics.transferred(bytesIn: bytesIn, bytesOut: bytesOut, at: role)
        guard self.access.isEnabled else { return }
        let account = ExchangeAccount(
            head: request.head,
            status: status,
            report: report,
            bytesIn: bytesIn,
            bytesOut: bytesOut,
            mask: mask
        )
        let line = AccessLine(
            id: request.id,
            listener: role,
            client: request.client.address,
            duration: .now() - request.arrival
        )
        self.access.write(line) { account.write(to: &$0) }
    }

    /// The same for an answer that was given again.
    func finished(
        _ answer: RepeatedAnswer,
        to recent: RecentHead,
        of client: Request.Client,
        since arrival: NIODeadline,
        masked mask: TargetMask
    ) {
        self.metrics.transferred(bytesIn: 0, bytesOut: answer.length, at: .main)
        guard self.access.isEnabled else { return }
        let line = AccessLine(id: .next(), listener: .main, client: client.address, duration: .now() - arrival)
        self.access.write(line) { line in
            line.again(&answer.accessLine) { line in
                ExchangeAccount(
                    head: recent.head,
                    status: answer.status,
                    report: answer.report,
                    bytesIn: 0,
                    bytesOut: answer.length,
                    mask: mask
                ).write(to: &line)
            }
        }
    }
}
