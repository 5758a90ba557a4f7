// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// The connections of one event loop to one upstream. The one used last is used first, so that the rest can go.
final class ConnectionPool {
    private let worker: Worker
    private var connector: Connector
    private var limits: ConnectionLimits
    private var idle: [Idle] = []
    private let sessions: SessionPool
    private var isRetired = false
    private var isSweeping = false

    private struct Idle {
        let connection: HTTP1Connection
        let since: NIODeadline
    }

    init(worker: Worker, connector: Connector, limits: ConnectionLimits) {
        self.worker = worker
        self.connector = connector
        self.limits = limits
        self.sessions = SessionPool(worker: worker)
    }

    var idleCount: Int { self.idle.count }

    /// A connection that has been used before and still seems to live.
    func takeIdle() -> HTTP1Connection? {
        while let entry = self.idle.popLast() {
            entry.connection.stream.closesOnBytes = false
            guard entry.connection.stream.isOpen, entry.connection.stream.received.readableBytes == 0 else {
                entry.connection.stream.close()
                continue
            }
            entry.connection.markReused()
            return entry.connection
        }
        return nil
    }

    /// A place on a connection of HTTP/2 that stands.
    func takeStream() async -> HTTP2Exchange? { await self.sessions.takeStream() }

    /// - Parameter asHTTP1: Whether HTTP/2 is not even offered.
    func connect(by phase: Phase, asHTTP1: Bool) async throws(ProxyError) -> any UpstreamConnection {
        if asHTTP1 {
            return self.connection(try await self.connector.withoutHTTP2.connect(on: self.worker, by: phase))
        }
        if let exchange = try await self.sessions.join(by: phase) { return exchange }
        let opening = self.sessions.begin()
        do throws(ProxyError) {
            let connection = try await self.open(by: phase)
            self.sessions.end(opening)
            return connection
        } catch {
            self.sessions.end(opening, error: error)
            throw error
        }
    }

    private func open(by phase: Phase) async throws(ProxyError) -> any UpstreamConnection {
        let stream = try await self.connector.connect(on: self.worker, by: phase)
        guard stream.negotiatedProtocol == "h2" else {
            self.sessions.decline()
            return self.connection(stream)
        }
        let exchange = try await self.sessions.open(stream, isTLS: self.connector.tls != nil)
        if self.isRetired { self.sessions.leave() }
        self.scheduleSweep()
        return exchange
    }

    private func connection(_ stream: ByteStream) -> HTTP1Connection {
        let connection = HTTP1Connection(stream, pool: self)
        // Whoever was given the connection may have let go of it before it is closed; then it is not idle either.
        connection.stream.onClose = { [weak self, weak connection] in
            if let connection { self?.forget(connection) }
        }
        return connection
    }

    /// Takes back a connection whose exchange has ended cleanly.
    func release(_ connection: HTTP1Connection) {
        guard !self.isRetired, connection.stream.isOpen, connection.stream.received.readableBytes == 0 else {
            return connection.stream.close()
        }
        if self.idle.count >= self.limits.maxIdle { self.idle.removeFirst().connection.stream.close() }
        self.idle.append(Idle(connection: connection, since: .now()))
        // Whatever an idle connection says, it is not an answer: its end, or bytes that nobody asked for.
        connection.stream.closesOnBytes = true
        connection.stream.requestRead()
        self.scheduleSweep()
    }

    /// Applies new settings; connections beyond them go as they are released.
    func apply(_ connector: Connector, _ limits: ConnectionLimits) {
        self.connector = connector
        self.limits = limits
    }

    /// Closes what is idle now and whatever is released later.
    func retire() {
        self.isRetired = true
        let idle = self.idle
        self.idle = []
        for entry in idle { entry.connection.stream.close() }
        self.sessions.leave()
    }

    private func forget(_ connection: HTTP1Connection) {
        self.idle.removeAll { $0.connection === connection }
    }

    private func scheduleSweep() {
        guard !self.isSweeping else { return }
        self.isSweeping = true
        self.worker.loop.assumeIsolated().scheduleTask(in: TimeAmount(self.limits.idle)) { [weak self] in
            self?.sweep()
        }
    }

    private func sweep() {
        self.isSweeping = false
        let oldest = NIODeadline.now() - TimeAmount(self.limits.idle)
        let expired = self.idle.prefix { $0.since <= oldest }
        self.idle.removeFirst(expired.count)
        for entry in expired { entry.connection.stream.close() }
        self.sessions.leaveIdle(since: oldest)
        if !self.idle.isEmpty || !self.sessions.isEmpty { self.scheduleSweep() }
    }
}
