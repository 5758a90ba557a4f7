// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyConfiguration
import Resilience
import Testing

/// What the shipped profiles bring, and how a file lies over them.
@Suite struct ProfileTests {
    private func upstream(_ settings: String, _ environment: [String: String] = [:]) throws -> UpstreamConfiguration {
        let loader = try Repository.loader(environment)
        return try #require(try loader.load(text: "upstreams:\n  api:\n    \(settings)\n").upstreams.first)
    }

    /// The policy of a request, as the engine finds it: the first route that matches, else the upstream's own.
    private func policy(_ upstream: UpstreamConfiguration, _ method: HTTPMethod, _ path: String) -> CachePolicy? {
        let route = upstream.routes.first { route in
            (route.methods.isEmpty || route.methods.contains(method))
                && (route.path.hasSuffix("*") ? path.hasPrefix(route.path.dropLast()) : path == route.path)
        }
        let policy = route.map(\.cache) ?? upstream.cache
        return policy.flatMap { $0.methods.contains(method) ? $0 : nil }
    }

    @Test func `a ttl makes identifications of Plant.id storable and nothing else`() throws {
        let upstream = try self.upstream("{profile: plant_id, cache: {ttl: 24h}}")

        let policy = try #require(self.policy(upstream, .post, "/identification"))
        #expect(policy.ttl == .seconds(86400))
        #expect(policy.statuses == [200, 201])
        #expect(self.policy(upstream, .get, "/identification/token") == nil)
        #expect(self.policy(upstream, .get, "/usage_info") == nil)
        #expect(self.policy(upstream, .post, "/health_assessment") == nil)
        #expect(self.policy(upstream, .get, "/anything") == nil)
        #expect(self.policy(upstream, .get, "/") == nil)
        #expect(self.policy(upstream, .get, "") == nil)
    }

    @Test func `a ttl makes identifications of Pl@ntNet storable and nothing else`() throws {
        let upstream = try self.upstream("{profile: plantnet, cache: {ttl: 1h}}")

        #expect(self.policy(upstream, .post, "/v2/identify/all")?.statuses == [200])
        #expect(self.policy(upstream, .get, "/v2/identify/all") == nil)
        #expect(self.policy(upstream, .get, "/v2/languages") == nil)
        #expect(self.policy(upstream, .get, "/v2/quota/daily") == nil)
        #expect(self.policy(upstream, .post, "/v2/diseases/identify") == nil)
    }

    @Test(arguments: ["plant_id", "plantnet"]) func `without a ttl, or with off, nothing is stored`(
        _ name: String
    ) throws {
        for settings in ["{profile: \(name)}", "{profile: \(name), cache: off}"] {
            let upstream = try self.upstream(settings)
            #expect(upstream.cache == nil)
            #expect(upstream.routes.allSatisfy { $0.cache == nil })
        }
    }

    @Test func `Plant.id is known by its hosts, its prefixes and its header`() throws {
        let upstream = try self.upstream("{profile: plant_id, api_key: secret}")

        #expect(upstream.url.description == "https://plant.id/api/v3")
        #expect(upstream.hosts == ["plant.id", "api.plant.id"])
        #expect(upstream.strip == ["/api/v3", "/v3"])
        #expect(upstream.auth == .header("Api-Key"))
        #expect(upstream.apiKey?.revealed == "secret")
        #expect(upstream.secretHeaders.isSuperset(of: ["api-key", "authorization", "cookie"]))
        #expect(upstream.breaker.failMax == 3)
        #expect(upstream.responses.expect == .json)
        #expect(upstream.responses.throttled == [429])
        #expect(upstream.identify?.request.accepts == [.jpeg, .png, .webp])
    }

    @Test func `Pl@ntNet takes no WebP and answers 404 when it sees no plant`() throws {
        let upstream = try self.upstream("{profile: plantnet}")

        #expect(upstream.auth == .query("api-key"))
        #expect(upstream.secretQuery == ["api-key"])
        #expect(upstream.responses.exclude.contains(404))
        #expect(upstream.identify?.request.accepts == [.jpeg, .png])
        #expect(upstream.identify?.response.noMatch == [404])
        let organs = IdentificationMapping.Part(name: "organs", content: .textPerImage("{organ}"))
        let images = IdentificationMapping.Part(name: "images", content: .images)
        #expect(upstream.identify?.request.body == .multipart([organs, images]))
    }

    @Test func `layers lie over each other: built-in, defaults, profile, upstream, route`() throws {
        let configuration = try Repository.loader().load(
            text: """
                defaults:
                  breaker: {fail_max: 7, probes: 2}
                  timeouts: {connect: 1s, first_byte: 2s}
                  cache: {max_entry: 1MiB}
                upstreams:
                  plain: {url: https://a.example.com}
                  plant:
                    profile: plant_id
                    breaker: {reset_timeout: 5s}
                    routes: [{path: /slow, timeouts: {first_byte: 50s}}]
                """
        )
        let plain = configuration.upstreams[0]
        #expect(plain.breaker.failMax == 7 && plain.breaker.probes == 2)
        #expect(plain.breaker.resetTimeout == .seconds(60))
        #expect(plain.timeouts.connect == .seconds(1) && plain.timeouts.total == .seconds(60))
        #expect(plain.cache == nil)
        let plant = configuration.upstreams[1]
        #expect(plant.breaker.failMax == 3 && plant.breaker.probes == 2)
        #expect(plant.breaker.resetTimeout == .seconds(5))
        #expect(plant.timeouts.connect == .seconds(5))
        // A list replaces.
        #expect(plant.routes.map(\.path) == ["/slow"])
        #expect(plant.routes[0].timeouts.firstByte == .seconds(50))
        #expect(plant.routes[0].timeouts.connect == .seconds(5))
    }

    @Test func `a probe holds its place for the total timeout, unless the file says otherwise`() throws {
        #expect(try self.upstream("{profile: plantnet, timeouts: {total: 9s}}").breaker.probeLease == .seconds(9))
        let own = try self.upstream("{profile: plantnet, breaker: {probe_lease: 4s}}")
        #expect(own.breaker.probeLease == .seconds(4))
    }

    @Test func `an upstream can have the whole listener`() throws {
        #expect(try self.upstream("{url: https://a.example.com/, path: /}").path == "")
    }

    @Test func `a URL becomes its parts`() throws {
        let url = try self.upstream("{url: \"HTTP://API.Example.com:8081/a/b/\"}").url
        #expect(url == UpstreamURL(isTLS: false, host: "api.example.com", port: 8081, basePath: "/a/b"))
        let numeric = try self.upstream("{url: \"https://[2001:db8::1]\"}").url
        #expect(numeric == UpstreamURL(isTLS: true, host: "2001:db8::1", port: 443, basePath: ""))
    }
}
