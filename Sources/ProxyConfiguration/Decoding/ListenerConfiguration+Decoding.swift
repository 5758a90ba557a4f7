// SPDX-License-Identifier: Apache-2.0

extension ListenerConfiguration {
    /// `listen:` is an address, a mapping with one, or a list of both. Nil where the file leaves it out.
    static func decode(_ node: Node?, _ reader: inout MappingReader) -> [ListenerConfiguration]? {
        let schema = reader.schema(of: "listen")
        reader.learnKeys(of: schema) { _ = Self.decode(&$0) }
        guard let node else { return nil }
        let problems = reader.problems
        guard case .sequence(let elements) = node.content else {
            return [Self.decode(node, schema: schema, problems)].compactMap(\.self)
        }
        if elements.isEmpty { problems.error("expected at least one address", at: node) }
        return elements.compactMap { Self.decode($0, schema: schema, problems) }
    }

    private static func decode(_ node: Node, schema: String, _ problems: Problems) -> ListenerConfiguration? {
        guard node.entries != nil else { return node.listenAddress(problems).map { ListenerConfiguration($0) } }
        return MappingReader.read(node, schema: schema, problems: problems) { Self.decode(&$0) }
    }

    private static func decode(_ reader: inout MappingReader) -> ListenerConfiguration? {
        let address = reader.value("address")
        if address == nil { reader.missing("address", "a listener needs one, such as 127.0.0.1:8443") }
        let tls = reader.optionalSection("tls") { ServerTLS.decode(&$0) }
        var trusted = TrustedPeers()
        for node in reader.list("proxy_protocol") ?? [] {
            if node.isWord("unix") {
                trusted.includesUnix = true
            } else if let network = node.network(reader.problems) {
                trusted.networks.append(network)
            }
        }
        guard let address = address?.listenAddress(reader.problems) else { return nil }
        var listener = ListenerConfiguration(address)
        listener.tls = tls ?? nil
        listener.proxyProtocol = trusted
        return listener
    }
}
