// SPDX-License-Identifier: Apache-2.0

/// Reads the whole tree: settings, then upstreams from their layers, then what refers to them.
struct ConfigurationDecoder {
    private static let maxUpstreams = 1000
    private static let maxCombined = 100

    let profiles: Profiles
    let problems: Problems

    func decode(_ tree: Node) -> Configuration {
        MappingReader.read(tree, schema: "", problems: self.problems) { reader in
            var configuration = Configuration()
            configuration.decodeSettings(&reader)
            let defaults = self.defaults(&reader)
            let upstreams = self.upstreams(&reader, defaults: defaults)
            configuration.upstreams = upstreams.map(\.configuration)
            self.checkShares(reader.node["cache"]?["shares"], configuration.upstreams.map(\.name))
            configuration.forward.checkIntercept(tree["forward"], configuration.upstreams, self.problems)
            let combined = self.combined(&reader, upstreams: configuration.upstreams)
            configuration.combined = combined.map(\.configuration)
            CrossChecks(upstreams: upstreams, combined: combined, problems: self.problems).run()
            return configuration
        }
    }

    private func checkShares(_ shares: Node?, _ upstreams: [String]) {
        for entry in shares?.entries ?? [] where !upstreams.contains(entry.key) {
            self.problems.error(
                "no upstream has this name\(EditDistance.hint(for: entry.key, among: upstreams))",
                at: entry.keyLocation,
                path: entry.value.path
            )
        }
    }

    private func defaults(_ reader: inout MappingReader) -> Node? {
        guard let node = reader.value("defaults"), !node.isNull else { return nil }
        let decoder = UpstreamDecoder(layer: .defaults, problems: self.problems)
        // What every upstream overrides is still wrong here.
        _ = MappingReader.read(node, schema: "defaults", problems: self.problems) { decoder.decode(&$0) }
        return node.entries.map { entries in
            var shared = node
            shared.content = .mapping(entries.filter { !UpstreamDecoder.ownKeys.contains($0.key) })
            return shared
        }
    }

    private func upstreams(_ reader: inout MappingReader, defaults: Node?) -> [Declared<UpstreamConfiguration>] {
        let node = reader.value("upstreams")
        let entries = reader.named("upstreams")
        let isMissing = node.map { $0.isNull || $0.entries?.isEmpty == true } ?? (reader.node.entries != nil)
        if isMissing { self.problems.error("expected at least one upstream under upstreams", at: node ?? reader.node) }
        return self.named(entries, atMost: Self.maxUpstreams).map { entry in
            let own = entry.value.isNull ? .empty(at: entry.keyLocation, path: entry.value.path) : entry.value
            let named = own["profile"]
            let profile = named.flatMap(self.profiles.profile)
            let below = profile.map { $0.merged(over: defaults) } ?? defaults
            let merged = own.merged(over: below)
            let decoder = UpstreamDecoder(
                layer: .upstream(name: entry.key, own: own, lacksProfile: named != nil && profile == nil),
                problems: self.problems
            )
            let configuration = MappingReader.read(
                merged,
                schema: "upstreams.NAME",
                problems: self.problems
            ) { decoder.decode(&$0) }
            return Declared(configuration: configuration, entry: entry, node: merged)
        }
    }

    private func combined(
        _ reader: inout MappingReader,
        upstreams: [UpstreamConfiguration]
    ) -> [Declared<CombinedConfiguration>] {
        self.named(reader.named("combined"), atMost: Self.maxCombined).map { entry in
            let configuration = MappingReader.read(
                entry.value,
                schema: "combined.NAME",
                problems: self.problems
            ) { CombinedConfiguration.decode(&$0, name: entry.key, upstreams: upstreams) }
            return Declared(configuration: configuration, entry: entry, node: entry.value)
        }
    }

    /// The entries whose names can stand in paths, logs and metrics.
    private func named(_ entries: [Node.Entry], atMost limit: Int) -> [Node.Entry] {
        if entries.count > limit {
            self.problems.error("there are more than \(limit) entries", at: entries[limit].keyLocation)
        }
        return entries.prefix(limit).filter { entry in
            let isName =
                !entry.key.isEmpty
                && entry.key.utf8.allSatisfy {
                    $0.isVariableCharacter || $0 == UInt8(ascii: "-")
                }
            if !isName {
                self.problems.error(
                    "a name is made of letters, digits, _ and -",
                    at: entry.keyLocation,
                    path: entry.value.path
                )
            }
            return isName
        }
    }
}

/// What an entry of the file became, with the places that later messages point at.
struct Declared<Configuration> {
    var configuration: Configuration
    var entry: Node.Entry
    /// The entry with the layers below it.
    var node: Node

    func report(_ message: String, at key: String, _ problems: Problems) {
        if let node = self.node[key] {
            problems.error(message, at: node)
        } else {
            problems.error(message, at: self.entry.keyLocation, path: self.entry.value.path)
        }
    }
}
