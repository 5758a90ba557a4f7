// SPDX-License-Identifier: Apache-2.0

import Logging

extension Configuration {
    /// Reads what stands at the top of the file, but for upstreams and combined endpoints, which depend on each other.
    mutating func decodeSettings(_ reader: inout MappingReader) {
        let access = reader.section("access") { AccessRules.decode(&$0) }
        let (listen, admin) = (reader.value("listen"), reader.value("admin"))
        for index in self.listen.indices { self.listen[index].access = access }
        self.listen = ListenerConfiguration.decode("listen", &reader, access: access) ?? self.listen
        self.admin = Self.admin(admin, &reader) ?? self.admin
        if admin?.isWord("off") == true { self.admin = nil }
        self.checkAddresses(listen: listen, admin: admin, at: reader.node, reader.problems)
        self.threads = reader.value("threads").flatMap { node in
            node.isWord("auto") ? nil : node.int(in: 1...256, reader.problems)
        }
        self.drainTimeout = reader.duration("drain_timeout", in: .zero...(.seconds(3600)), default: self.drainTimeout)
        self.log = reader.section("log") { LogConfiguration.decode(&$0) }
        self.downstream = reader.section("downstream") { DownstreamConfiguration.decode(&$0) }
        self.forward = reader.section("forward") { ForwardConfiguration.decode(&$0) }
        self.store = reader.section("cache") { StoreConfiguration.decode(&$0) }
    }

    private func checkAddresses(listen: Node?, admin: Node?, at root: Node, _ problems: Problems) {
        let addresses = self.listen.map(\.address)
        for (index, address) in addresses.enumerated() where addresses[..<index].contains(where: address.overlaps) {
            problems.error("two of these are the same address", at: listen ?? root)
        }
        guard let address = self.admin?.address else { return }
        if addresses.contains(where: address.overlaps) {
            problems.error("listen and admin cannot be the same address", at: admin ?? listen ?? root)
        }
    }

    /// One listener, whose rules of access are its own: the operator is not a client like others.
    private static func admin(_ node: Node?, _ reader: inout MappingReader) -> ListenerConfiguration? {
        guard node?.isWord("off") != true else { return nil }
        if let node, case .sequence = node.content {
            node.expected("one address, or off", reader.problems)
            return nil
        }
        return ListenerConfiguration.decode("admin", &reader, access: AccessRules())?.first
    }
}

extension LogConfiguration {
    static func decode(_ reader: inout MappingReader) -> LogConfiguration {
        var log = LogConfiguration()
        log.level = reader.choice("level", default: log.level)
        log.format = reader.choice("format", default: log.format)
        if let node = reader.value("access") {
            if node.isWord("stdout") {
                log.access = .stdout
            } else if node.isWord("off") {
                log.access = .off
            } else if let path = node.outputFile(reader.problems, "a path, stdout or off") {
                log.access = .file(path)
            }
        }
        log.circuit = reader.section("circuit") { reader in
            var circuit = Circuit()
            circuit.stateChanges = reader.bool("state_changes", default: circuit.stateChanges)
            circuit.failures = reader.bool("failures", default: circuit.failures)
            circuit.successes = reader.bool("successes", default: circuit.successes)
            return circuit
        }
        return log
    }
}

extension StoreConfiguration {
    static func decode(_ reader: inout MappingReader) -> StoreConfiguration {
        var store = StoreConfiguration()
        store.memory = reader.size("memory", in: 0...(1 << 40), default: store.memory)
        if let node = reader.value("file"), !node.isWord("off") {
            store.file = node.outputFile(reader.problems, "a path or off")
        }
        store.maxSize = reader.size("max_size", in: (1 << 20)...(1 << 50), default: store.maxSize)
        for entry in reader.named("shares") {
            guard let percent = entry.value.percent(reader.problems) else { continue }
            store.shares.append(Share(upstream: entry.key, percent: percent))
            guard store.shares.reduce(0, { $0 + $1.percent }) > 100 else { continue }
            reader.problems.error("is more than there is: with those before, over 100%", at: entry.value)
        }
        return store
    }
}

extension DownstreamConfiguration {
    static func decode(_ reader: inout MappingReader) -> DownstreamConfiguration {
        var downstream = DownstreamConfiguration()
        let wait = Duration.milliseconds(100)...Duration.seconds(86400)
        downstream.handshakeTimeout = reader.duration(
            "handshake_timeout",
            in: wait,
            default: downstream.handshakeTimeout
        )
        downstream.headerTimeout = reader.duration("header_timeout", in: wait, default: downstream.headerTimeout)
        downstream.keepAlive = reader.duration("keep_alive", in: wait, default: downstream.keepAlive)
        downstream.idle = reader.duration("idle", in: wait, default: downstream.idle)
        downstream.minRate = reader.size("min_rate", in: 0...(1 << 30), default: downstream.minRate)
        downstream.maxConnections = reader.int(
            "max_connections",
            in: 10...1_000_000,
            default: downstream.maxConnections
        )
        downstream.maxConnectionsPerAddress = reader.int(
            "max_connections_per_address",
            in: 0...1_000_000,
            default: downstream.maxConnectionsPerAddress
        )
        downstream.maxTarget = reader.size("max_target", in: 256...(1 << 20), default: downstream.maxTarget)
        downstream.maxHeaderSize = reader.size(
            "max_header_size",
            in: 1024...(16 << 20),
            default: downstream.maxHeaderSize
        )
        downstream.maxHeaderCount = reader.int("max_header_count", in: 10...100_000, default: downstream.maxHeaderCount)
        downstream.maxStreams = reader.int("max_streams", in: 1...10000, default: downstream.maxStreams)
        return downstream
    }
}
