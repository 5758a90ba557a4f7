// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// The connections of one event loop to one upstream. The one used last is used first, so that the rest can go.
final class ConnectionPool {
    private let worker: Worker
    private var connector: Connector
    private var limits: ConnectionLimits
    private var idle: [Idle] = []
    private var isRetired = false
    private var isSweeping = false

    private struct Idle {
        let connection: UpstreamConnection
        let since: NIODeadline
    }

    init(worker: Worker, connector: Connector, limits: ConnectionLimits) {
        self.worker = worker
        self.connector = connector
        self.limits = limits
    }

    var idleCount: Int { self.idle.count }

    /// A connection that has been used before and still seems to live.
    func takeIdle() -> UpstreamConnection? {
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

    func connect(by phase: Phase) async throws(ProxyError) -> UpstreamConnection {
        let connection = UpstreamConnection(try await self.connector.connect(on: self.worker, by: phase))
        // Whoever was given the connection may have let go of it before it is closed; then it is not idle either.
        connection.stream.onClose = { [weak self, weak connection] in
            if let connection { self?.forget(connection) }
        }
        return connection
    }

    /// Takes back a connection whose exchange has ended cleanly.
    func release(_ connection: UpstreamConnection) {
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
    }

    private func forget(_ connection: UpstreamConnection) {
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
        if !self.idle.isEmpty { self.scheduleSweep() }
    }
}
