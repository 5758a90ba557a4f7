// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import Resilience

/// Reads one upstream from its merged layers.
struct UpstreamDecoder {
    /// What the merged layers are.
    enum Layer {
        /// All of them: a whole upstream. If its profile could not be read, what that would have brought is not missed.
        case upstream(name: String, own: Node, lacksProfile: Bool)
        /// `defaults:` alone, read only to find what is wrong with it.
        case defaults
        /// A profile alone, likewise.
        case profile
    }

    let layer: Layer
    let problems: Problems

    /// What upstreams cannot share.
    static let ownKeys: Set<String> = ["profile", "url", "path", "hosts", "api_key", "routes", "identify"]

    /// Any URL, for going on after a problem with the real one.
    private static let placeholder = UpstreamURL(isTLS: false, host: "", port: 80, basePath: "")

    func decode(_ reader: inout MappingReader) -> UpstreamConfiguration {
        var upstream = self.identity(&reader)
        upstream.isPrivate = reader.bool("private", default: upstream.isPrivate)
        self.decodeCredentials(&reader, &upstream)
        upstream.requestHeaders = reader.section("headers") { HeaderRules.decode(&$0) }
        upstream.forwardedHeaders = reader.choice("forwarded", default: upstream.forwardedHeaders)
        upstream.timeouts = reader.section("timeouts") { Timeouts.decode(&$0) }
        upstream.breaker = reader.section("breaker") { reader in
            CircuitBreaker.Policy.decode(&reader, total: upstream.timeouts.total)
        }
        upstream.responses = reader.section("responses") { ResponseRules.decode(&$0) }
        upstream.responses.exclude = Self.exclusions(&reader)
        let cache = reader.value("cache")
        upstream.cache = cache.flatMap { CacheDecoder.policy($0, schema: reader.schema(of: "cache"), self.problems) }
        reader.learnKeys(of: reader.schema(of: "cache")) { _ = CacheDecoder.decode(&$0) }
        if self.allows("routes", &reader) {
            upstream.routes = RouteDecoder(reader, cache: cache).routes(&reader)
        }
        upstream.connections = reader.section("connections") { ConnectionLimits.decode(&$0) }
        upstream.tls = reader.section("tls") { UpstreamTLS.decode(&$0) }
        upstream.http2 = reader.choice("http2", default: upstream.http2)
        upstream.maxBody = reader.size("max_body", in: 0...(1 << 40), default: upstream.maxBody)
        if self.allows("identify", &reader) {
            upstream.identify = reader.optionalSection("identify") { IdentificationMapping.decode(&$0) } ?? nil
        }
        self.check(upstream, reader)
        return upstream
    }

    private func identity(_ reader: inout MappingReader) -> UpstreamConfiguration {
        var name = ""
        if case .upstream(let own, _, _) = self.layer {
            name = own
            _ = reader.value("profile")
        } else if let profile = reader.value("profile") {
            self.problems.error("a profile is chosen by an upstream, not here", at: profile)
        }
        var upstream = UpstreamConfiguration(name: name, url: Self.placeholder)
        if self.allows("url", &reader) {
            if let node = reader.value("url") {
                if let url = node.url(self.problems) { upstream.url = url }
            } else if case .upstream(_, _, lacksProfile: false) = self.layer {
                reader.missing("url", "an upstream needs a url or a profile")
            }
            upstream.hosts = upstream.url.host.isEmpty ? [] : [upstream.url.host]
        }
        if self.allows("path", &reader) {
            upstream.path = reader.value("path").flatMap { $0.mountPath(self.problems) } ?? upstream.path
        }
        upstream.strip = reader.elements("strip") { $0.mountPath($1) } ?? upstream.strip
        if self.allows("hosts", &reader) {
            upstream.hosts = reader.elements("hosts") { $0.host($1) } ?? upstream.hosts
        }
        return upstream
    }

    /// Whether this layer may have a key; reports it if it has one that it may not.
    private func allows(_ key: String, _ reader: inout MappingReader) -> Bool {
        guard case .defaults = self.layer, Self.ownKeys.contains(key) else { return true }
        if let node = reader.value(key) { self.problems.error("is no setting that upstreams can share", at: node) }
        return false
    }

    private func decodeCredentials(_ reader: inout MappingReader, _ upstream: inout UpstreamConfiguration) {
        if self.allows("api_key", &reader), let node = reader.value("api_key"), !node.isNull {
            upstream.apiKey = SecretReader(problems: self.problems).secret(node)
        }
        let auth = reader.value("auth")
        upstream.auth = reader.optionalSection("auth") { CredentialPlacement.decode(&$0) } ?? nil
        reader.section("secret") { reader in
            let headers = reader.elements("headers") { $0.fieldName($1)?.lowercased() } ?? []
            let query = reader.elements("query") { $0.parameterName($1)?.lowercased() } ?? []
            upstream.secretHeaders.formUnion(headers)
            upstream.secretQuery.formUnion(query)
        }
        switch upstream.auth {
        case .header(let name): upstream.secretHeaders.insert(name.lowercased())
        case .query(let name): upstream.secretQuery.insert(name.lowercased())
        case nil:
            if upstream.apiKey != nil, auth == nil, let node = reader.value("api_key") {
                self.problems.error("needs auth: {header: NAME} or auth: {query: NAME}, to say where it goes", at: node)
            }
        }
    }

    /// `breaker: {exclude: [4xx]}` is about answers, so it is kept with the other rules for them.
    private static func exclusions(_ reader: inout MappingReader) -> StatusSet {
        guard let exclude = reader.value("breaker")?["exclude"], case .sequence(let elements) = exclude.content else {
            return .clientErrors
        }
        let entries = elements.compactMap { $0.scalar?.text }.filter { StatusSet([$0]) != nil }
        return StatusSet(entries) ?? .clientErrors
    }

    private static func cache(ofRoute index: Int, _ own: Node) -> Node? {
        guard case .sequence(let routes)? = own["routes"]?.content, routes.indices.contains(index) else { return nil }
        return routes[index]["cache"]
    }

    /// Warns of answers that go to whom, or are stored where, nobody can have meant.
    private func checkSharing(_ policy: CachePolicy, _ cache: Node, _ upstream: UpstreamConfiguration) {
        func warn(_ message: String, at node: Node) {
            self.problems.warning(message, at: node.location, path: node.path)
        }
        if policy.sharesCredentials, policy.methods.contains(.post) {
            warn("answers to POST are given to every caller, whatever its credential", at: cache)
        } else if policy.sharesCredentials, upstream.auth != nil, upstream.apiKey?.revealed.isEmpty ?? true {
            warn("callers bring keys of their own, and get what was answered to the keys of others", at: cache)
        }
        // A route names what it is about; an upstream as a whole has requests that change something, too.
        if policy.methods.contains(.post), upstream.cache == policy, let methods = cache["methods"],
            upstream.routes.allSatisfy({ $0.path != "*" })
        {
            warn(
                "answers to every POST are stored, those that change something too; name their paths in routes",
                at: methods
            )
        }
    }

    private func check(_ upstream: UpstreamConfiguration, _ reader: borrowing MappingReader) {
        guard case .upstream(_, let own, _) = self.layer else { return }
        if let cache = own["cache"], cache.entries != nil, upstream.cache == nil,
            upstream.routes.allSatisfy({ $0.cache == nil }), reader.node["cache"]?["ttl"] == nil
        {
            self.problems.error("needs a ttl, such as ttl: 24h, or mode: http, or cache: off", at: cache)
        }
        if let policy = upstream.cache, let cache = reader.node["cache"] { self.checkSharing(policy, cache, upstream) }
        for (index, rule) in upstream.routes.enumerated() {
            guard let policy = rule.cache, let cache = Self.cache(ofRoute: index, own) else { continue }
            self.checkSharing(policy, cache, upstream)
        }
        if let key = own["api_key"], upstream.apiKey != nil, !upstream.url.isTLS,
            !ListenAddress(host: upstream.url.host, port: upstream.url.port).isLoopback
        {
            self.problems.warning("is sent over plain http", at: key.location, path: key.path)
        }
    }
}
