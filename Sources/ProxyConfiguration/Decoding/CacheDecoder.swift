// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage

/// Reads `cache:`, which is `off` or a mapping. Without a `ttl` or `mode: http` in any layer nothing is stored, so that a
/// profile can say what may be stored and leave it to the file whether and for how long.
enum CacheDecoder {
    /// Methods whose answers can mean the same for the next caller.
    private static let storable: Set<String> = ["GET", "HEAD", "POST", "QUERY"]

    static func policy(_ node: Node, schema: String, _ problems: Problems) -> CachePolicy? {
        if node.isWord("off") || node.isNull { return nil }
        guard node.entries != nil else {
            node.expected("off or a mapping such as {ttl: 24h}", problems)
            return nil
        }
        let policy = MappingReader.read(node, schema: schema, problems: problems) { self.decode(&$0) }
        if let policy { self.check(policy, node, problems) }
        return policy
    }

    /// Warns of what cannot be meant.
    private static func check(_ policy: CachePolicy, _ node: Node, _ problems: Problems) {
        if let retention = policy.retention, retention < policy.staleIfError, let stale = node["stale_if_error"] {
            problems.warning(
                "is longer than the retention, so that answers are gone before",
                at: stale.location,
                path: stale.path
            )
        }
    }

    static func decode(_ reader: inout MappingReader) -> CachePolicy? {
        let problems = reader.problems
        let mode = reader.value("mode")?.choice(CachePolicy.Mode.self, problems)
        let ttl = reader.value("ttl")?.duration(in: .seconds(1)...Self.longest, problems)
        // Whoever names a ttl means it to count, unless he says that the origin's word does.
        var policy = mode == .http ? CachePolicy() : CachePolicy(ttl: ttl ?? .seconds(1))
        policy.ttl = ttl
        policy.methods = reader.elements("methods", self.method).map { Set($0) } ?? policy.methods
        policy.statuses = self.statuses(&reader) ?? policy.statuses
        policy.headers = reader.elements("headers") { $0.fieldName($1)?.lowercased() } ?? policy.headers
        policy.ignoredQuery = Set(reader.elements("ignore_query") { $0.parameterName($1)?.lowercased() } ?? [])
        policy.sharesCredentials = reader.bool("share_credentials", default: policy.sharesCredentials)
        policy.maxEntry = reader.size("max_entry", in: 1...(1 << 30), default: policy.maxEntry)
        policy.staleIfError = reader.duration("stale_if_error", in: .zero...Self.longest, default: policy.staleIfError)
        policy.holdDown = reader.duration("hold_down", in: .zero...(.seconds(3600)), default: policy.holdDown)
        policy.retention = reader.value("retention").flatMap { node in
            node.isWord("auto") ? nil : node.duration(in: .zero...Self.longest, problems)
        }
        if policy.mode == .http, policy.methods.contains(.post), let methods = reader.node["methods"] {
            // RFC 9110, 9.3.3: the answer to one POST never answers another.
            problems.error("answers to POST are stored in mode ttl only, and this is mode http", at: methods)
        }
        return mode == .http || ttl != nil ? policy : nil
    }

    private static let longest = Duration.seconds(365 * 86400)

    private static func method(_ node: Node, _ problems: Problems) -> HTTPMethod? {
        guard let method = node.method(problems) else { return nil }
        guard self.storable.contains(method.rawValue) else {
            node.expected("a method whose answers can be stored: GET, HEAD, POST or QUERY", problems)
            return nil
        }
        return method
    }

    private static func statuses(_ reader: inout MappingReader) -> Set<Int>? {
        guard let node = reader.value("statuses"), let statuses = reader.statuses("statuses") else { return nil }
        // Parts and confirmations are no answers of their own (RFC 9110, 15.3.7 and 15.4.5).
        if statuses.contains(where: { $0 < 200 || $0 == 206 || $0 == 304 }) {
            reader.problems.error("answers of the statuses 1xx, 206 and 304 cannot be stored", at: node)
        }
        return statuses
    }
}

/// Reads `routes:`. What a route leaves out, it has from its upstream.
struct RouteDecoder {
    private let cache: Node?
    private let timeouts: Node?
    private let schema: String

    init(_ upstream: borrowing MappingReader, cache: Node?) {
        self.cache = cache
        self.timeouts = upstream.node["timeouts"]
        self.schema = upstream.schema(of: "routes")
    }

    func routes(_ reader: inout MappingReader) -> [RouteRule] {
        (reader.sections("routes") { self.route(&$0) } ?? []).compactMap(\.self)
    }

    private func route(_ reader: inout MappingReader) -> RouteRule? {
        let problems = reader.problems
        let path = reader.value("path")
        let methods = reader.elements("methods") { $0.method($1) }
        let isFree = reader.bool("free", default: false)
        let cost = reader.value("cost")?.number(in: 0...1_000_000, problems)
        let cache = Self.layered(reader.value("cache"), over: self.cache)
        let policy = cache.flatMap { CacheDecoder.policy($0, schema: reader.schema(of: "cache"), problems) }
        reader.learnKeys(of: reader.schema(of: "cache")) { _ = CacheDecoder.decode(&$0) }
        let timeouts = Self.layered(reader.value("timeouts"), over: self.timeouts)
        let limits = MappingReader.read(
            timeouts ?? .empty(at: reader.node.location, path: reader.node.path),
            schema: reader.schema(of: "timeouts"),
            problems: problems
        ) { Timeouts.decode(&$0) }
        guard let path else {
            reader.missing("path", "a route needs a path such as /forecast or /v2/*")
            return nil
        }
        guard let pattern = path.pathBelowMount(isPattern: true, problems) else { return nil }
        var rule = RouteRule(path: pattern, timeouts: limits)
        rule.methods = Set(methods ?? [])
        rule.isFree = isFree
        rule.cost = cost
        rule.cache = policy
        // What is paid for is asked for by clients only.
        if cost ?? 0 > 0 { rule.cache?.refreshesInBackground = false }
        return rule
    }

    private static func layered(_ own: Node?, over base: Node?) -> Node? {
        own.map { $0.merged(over: base) } ?? base
    }
}
