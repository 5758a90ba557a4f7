// SPDX-License-Identifier: Apache-2.0

extension ListenerConfiguration {
    /// A key that is an address, a mapping with one, or a list of both. Nil where the file leaves it out.
    ///
    /// - Parameter access: The rules of a listener that has none of its own.
    static func decode(
        _ key: String,
        _ reader: inout MappingReader,
        access: AccessRules
    ) -> [ListenerConfiguration]? {
        let schema = reader.schema(of: key)
        reader.learnKeys(of: schema) { _ = Self.decode(&$0, access: access) }
        guard let node = reader.value(key) else { return nil }
        let problems = reader.problems
        guard case .sequence(let elements) = node.content else {
            return [Self.decode(node, schema: schema, access: access, problems)].compactMap(\.self)
        }
        if elements.isEmpty { problems.error("expected at least one address", at: node) }
        return elements.compactMap { Self.decode($0, schema: schema, access: access, problems) }
    }

    private static func decode(
        _ node: Node,
        schema: String,
        access: AccessRules,
        _ problems: Problems
    ) -> ListenerConfiguration? {
        var listener: ListenerConfiguration?
        if node.entries == nil {
            listener = node.listenAddress(problems).map { ListenerConfiguration($0) }
            listener?.access = access
        } else {
            listener = MappingReader.read(node, schema: schema, problems: problems) { Self.decode(&$0, access: access) }
        }
        listener?.checkAccess(at: node, problems)
        return listener
    }

    private static func decode(_ reader: inout MappingReader, access: AccessRules) -> ListenerConfiguration? {
        let address = reader.value("address")
        if address == nil { reader.missing("address", "a listener needs one, such as 127.0.0.1:8443") }
        let tls = reader.optionalSection("tls") { ServerTLS.decode(&$0) }
        let own = reader.optionalSection("access") { AccessRules.decode(&$0) }
        var trusted = TrustedPeers()
        for node in reader.list("proxy_protocol") ?? [] {
            if node.isWord("unix") {
                trusted.includesUnix = true
            } else if let network = node.network(reader.problems) {
                trusted.networks.append(network)
            }
        }
        let http2 = reader.bool("http2", default: true)
        guard let address = address?.listenAddress(reader.problems) else { return nil }
        var listener = ListenerConfiguration(address)
        listener.tls = tls ?? nil
        listener.proxyProtocol = trusted
        listener.access = own ?? access
        listener.http2 = http2
        return listener
    }
}
