// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@testable import ProxyConfiguration

/// `config.yaml` at the root is the reference: it runs as it is, and nothing is missing in it.
@Suite struct ReferenceFileTests {
    @Test func `runs as it is, without any key`() throws {
        let configuration = try Repository.loader().load(text: try Repository.configuration())

        #expect(configuration.listen.map(\.address.description) == ["127.0.0.1:8080"])
        #expect(configuration.admin?.description == "http://127.0.0.1:9901")
        #expect(configuration.upstreams.map(\.name) == ["plant_id", "plantnet"])
        #expect(configuration.upstreams.allSatisfy { $0.apiKey == nil })
        #expect(configuration.combined.map(\.legs) == [["plant_id", "plantnet"]])
        #expect(configuration.warnings.isEmpty)
    }

    @Test func `what it says of defaults is so`() throws {
        let loader = try Repository.loader()
        var asItIs = try loader.load(text: try Repository.configuration())
        var uncommented = try loader.load(text: try Self.uncommented())
        let bare = try loader.load(text: "upstreams: {weather: {url: https://api.example.com/v1}}")

        #expect(uncommented.upstreams.map(\.name) == ["plant_id", "plantnet", "weather", "flora", "fungi"])
        let weather = try #require(uncommented.upstreams.first { $0.name == "weather" })
        let plain = try #require(bare.upstreams.first)
        #expect(weather.timeouts == plain.timeouts)
        #expect(weather.breaker == plain.breaker)
        #expect(weather.responses.exclude == plain.responses.exclude)
        #expect(weather.responses.throttled == plain.responses.throttled)
        #expect(weather.responses.expect == plain.responses.expect)
        #expect(weather.connections == plain.connections)
        #expect(weather.maxBody == plain.maxBody)
        #expect(weather.hosts == plain.hosts)
        #expect(weather.path == plain.path)
        #expect(weather.forwardedHeaders == plain.forwardedHeaders)
        let cached = try loader.load(
            text: "upstreams: {weather: {url: https://a.example.com, cache: {ttl: 10m, ignore_query: [utm_source]}}}"
        )
        #expect(weather.cache == cached.upstreams.first?.cache)

        // Beside the examples, what stands behind a # is what holds without it.
        #expect(uncommented.listen.map(\.address.description) == ["127.0.0.1:8080", "127.0.0.1:8443"])
        asItIs.listen = []
        uncommented.listen = []
        asItIs.upstreams = []
        uncommented.upstreams = []
        #expect(asItIs.effectiveYAML() == uncommented.effectiveYAML())
    }

    @Test func `names every key that the decoder knows`() throws {
        let text = try Self.uncommented()
        let known = try Repository.loader().knownKeys(readingText: text)
        #expect(known.count > 80)

        let source = Source(name: "config.yaml", bytes: Array(text.utf8), directory: "")
        let tree = try #require(TreeBuilder.tree(of: source, problems: Problems()))
        let documented = Self.keys(of: tree, below: "")
        // The same keys as those of an upstream, a listener and so on, to which the file refers.
        let repeated = [
            "defaults.", "profile.", "upstreams.NAME.routes.cache.", "upstreams.NAME.routes.timeouts.", "admin.",
            "listen.access.",
        ]
        let wanted = known.filter { key in !repeated.contains { key.hasPrefix($0) } && key != "profile" }
        #expect(wanted.subtracting(documented).sorted() == [])
    }

    /// The file with every setting that stands behind a # set.
    private static func uncommented() throws -> String {
        let lines = try Repository.configuration().split(separator: "\n", omittingEmptySubsequences: false)
        return lines.map { line in
            let indentation = line.prefix { $0 == " " }
            let rest = line[indentation.endIndex...]
            guard rest.first == "#", let next = rest.dropFirst().first, next != " " else { return String(line) }
            return String(indentation + rest.dropFirst())
        }.joined(separator: "\n")
            .replacing("/etc/windbreak/server", with: "\(Repository.certificates)/localhost")
            .replacing("/etc/windbreak", with: Repository.certificates)
            .replacing("/etc/ssl/private-ca", with: "\(Repository.certificates)/authority")
    }

    private static func keys(of node: Node, below schema: String) -> Set<String> {
        switch node.content {
        case .scalar: return []
        case .sequence(let elements):
            return elements.reduce(into: []) { $0.formUnion(Self.keys(of: $1, below: schema)) }
        case .mapping(let entries):
            return entries.reduce(into: []) { keys, entry in
                let isNamed = schema == "upstreams" || schema == "combined"
                let name = isNamed ? "NAME" : entry.key
                let key = schema.isEmpty ? name : "\(schema).\(name)"
                keys.insert(key)
                keys.formUnion(Self.keys(of: entry.value, below: key))
            }
        }
    }
}
