// SPDX-License-Identifier: Apache-2.0

import CacheFile
import HTTPCaching
import Logging
import NIOCore
import NIOSSL
import ProxyConfiguration

/// Turns a configuration into what runs, and carries over what an upstream has learnt under the same name.
struct SnapshotBuilder {
    private let workers: [Worker]
    private let logger: Logger
    private let metrics: EngineMetrics
    private let listeners: ListenerAddresses

    init(_ workers: [Worker], logger: Logger, metrics: EngineMetrics, listeners: ListenerAddresses) {
        self.workers = workers
        self.logger = logger
        self.metrics = metrics
        self.listeners = listeners
    }

    /// - Parameter file: What the cache has on disk.
    func build(
        _ configuration: Configuration,
        after old: Snapshot?,
        file: CacheFile?
    ) throws(EngineError) -> Snapshot {
        let cache = old?.cache ?? MemoryStore(maxBytes: configuration.store.memory, archive: file)
        if old == nil { file?.spare { [weak cache] key in cache?.holds(key) ?? false } }
        var contexts: [TLSKey: NIOSSLContext] = [:]
        var upstreams: [Upstream] = []
        for upstream in configuration.upstreams {
            let isTLS = upstream.url.isTLS
            let tls = isTLS ? try self.context(for: upstream, upstream.http2, in: &contexts) : nil
            let http1TLS = isTLS ? try self.context(for: upstream, .off, in: &contexts) : nil
            let connector = Connector(
                url: upstream.url,
                tls: tls,
                http1TLS: http1TLS,
                policy: upstream.addressPolicy,
                listeners: self.listeners
            )
            let store = cache.part(of: upstream.name, hasShare: configuration.store.share(of: upstream.name) != nil)
            upstreams.append(self.build(upstream, connector, store, configuration.log, after: old?[upstream.name]))
        }
        return Snapshot(
            configuration: configuration,
            generation: (old?.generation ?? 0) + 1,
            upstreams: upstreams,
            cache: cache,
            cacheFile: file,
            metrics: self.metrics,
            interception: try Interception(configuration),
            listeners: self.listeners
        )
    }

    private func build(
        _ configuration: UpstreamConfiguration,
        _ connector: Connector,
        _ cache: MemoryStore,
        _ log: LogConfiguration,
        after old: Upstream?
    ) -> Upstream {
        let metrics = old?.metrics ?? UpstreamMetrics(upstream: configuration.name)
        let circuitLog = CircuitLog(logger: self.logger, lines: log.circuit)
        return Upstream(
            configuration,
            circuit: old?.circuit
                ?? Circuit(name: configuration.name, policy: configuration.breaker, log: circuitLog, metrics: metrics),
            metrics: metrics,
            store: cache,
            coordination: old?.coordination ?? CacheCoordination(),
            connector: connector,
            pools: self.pools(connector, configuration.connections, after: old),
            logger: self.logger
        )
    }

    /// Idle connections are as good as before while they lead to the same place.
    private func pools(
        _ connector: Connector,
        _ limits: ConnectionLimits,
        after old: Upstream?
    ) -> [NIOLoopBoundBox<ConnectionPool>] {
        if let old, old.connector.leadsToSamePlace(as: connector) { return old.pools }
        return self.workers.map { worker in
            .makeBoxSendingValue(
                ConnectionPool(worker: worker, connector: connector, limits: limits),
                eventLoop: worker.loop
            )
        }
    }

    private struct TLSKey: Hashable {
        var tls: UpstreamTLS
        var http2: UpstreamConfiguration.HTTP2
    }

    /// Reading the system's certificates takes milliseconds, so that upstreams share one context.
    private func context(
        for upstream: UpstreamConfiguration,
        _ http2: UpstreamConfiguration.HTTP2,
        in contexts: inout [TLSKey: NIOSSLContext]
    ) throws(EngineError) -> NIOSSLContext {
        let key = TLSKey(tls: upstream.tls, http2: http2)
        if let context = contexts[key] { return context }
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.applicationProtocols = http2 == .auto ? ["h2", "http/1.1"] : ["http/1.1"]
        settings.minimumTLSVersion = .tlsv12
        if let file = upstream.tls.caFile { settings.trustRoots = .file(file) }
        do {
            let context = try NIOSSLContext(configuration: settings)
            contexts[key] = context
            return context
        } catch {
            throw EngineError.cannotTrust(upstream: upstream.name, file: upstream.tls.caFile ?? "the system's store")
        }
    }

    // MARK: Taking over

    /// Called when the new snapshot has become the current one: what lives on gets its new settings, the rest ends.
    func takeOver(_ new: Snapshot, from old: Snapshot?) {
        new.cache.resize(maxBytes: new.configuration.store.memory)
        let shares = new.configuration.store.shares.map { ($0.upstream, Double($0.percent) / 100) }
        new.cache.apply(shares: Dictionary(shares) { first, _ in first })
        new.cacheFile?.resize(
            maxSize: new.configuration.store.maxSize,
            shares: Dictionary(shares) { first, _ in first }
        )
        for upstream in new.upstreams {
            upstream.circuit.apply(
                upstream.configuration.breaker,
                log: CircuitLog(logger: self.logger, lines: new.configuration.log.circuit)
            )
            let (connector, limits) = (upstream.connector, upstream.configuration.connections)
            self.onEveryPool(of: upstream) { $0.apply(connector, limits) }
        }
        for upstream in old?.upstreams ?? [] {
            let successor = new[upstream.name]
            if successor == nil { new.cache.removeAll(upstream: upstream.name) }
            let isKept = successor?.connector.leadsToSamePlace(as: upstream.connector) ?? false
            if !isKept { self.onEveryPool(of: upstream) { $0.retire() } }
        }
    }

    private func onEveryPool(of upstream: Upstream, _ body: @escaping @Sendable (ConnectionPool) -> Void) {
        for (worker, pool) in zip(self.workers, upstream.pools) {
            worker.loop.execute { body(pool.value) }
        }
    }
}

extension Connector {
    fileprivate func leadsToSamePlace(as other: Connector) -> Bool {
        (self.url.isTLS, self.url.host, self.url.port, self.policy)
            == (other.url.isTLS, other.url.host, other.url.port, other.policy)
    }
}
