// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyConfiguration

/// Showing a configuration, and telling two apart.
@Suite struct DumpTests {
    private static let text = """
        listen:
          - 127.0.0.1:8080
          - address: "[::1]:8080"
            tls:
              certificate: \(Repository.certificates)/localhost.pem
              key: \(Repository.certificates)/localhost.key.pem
              client_ca: \(Repository.certificates)/client-authority.pem
              client_certificates: optional
            proxy_protocol: [10.0.0.0/8, unix]
          - unix:/run/windbreak.sock
        admin: off
        threads: 2
        log: {access: /var/log/windbreak.log, format: json}
        upstreams:
          plant_id: {profile: plant_id, api_key: hunter2, cache: {ttl: 24h}}
          plantnet: {profile: plantnet, cache: {ttl: 90s}}
          weather:
            url: http://[2001:db8::1]:8081/v1
            path: /
            hosts: []
            headers:
              remove: [origin]
              set: {User-Agent: "a $$ \\"b\\" \\\\ \\u00e9: #", Authorization: Bearer hunter2}
            breaker: {mode: observe, exclude: [4xx, "!429", 501], excluded_as: success}
            responses: {failed_when: [{pointer: "/a b", equals: "null"}, {pointer: "", equals: ""}]}
            tls: {ca_file: \(Repository.certificates)/authority.pem}
            connections: {idle: 1500ms, max_idle: 0}
            routes: [{path: "/x/*", methods: [GET], cache: {ttl: 5m}, free: true}, {path: /y, cost: 0.05}]
          flora:
            url: https://flora.example.org
            identify:
              request:
                path: /recognise
                query: {lang: "{language}"}
                body: {multipart: [{name: images, content: images}, {name: mode, text: "a {organ}"}]}
              response: {suggestions: /r, fields: {scientific_name: /n, probability: /p}}
        combined:
          identify: {legs: [plant_id, plantnet], deadline: 2500ms, max_image: 1MB}
        """

    @Test func `read again, it is the same configuration but for the secrets`() throws {
        let loader = try Repository.loader()
        for text in [Self.text, try Repository.configuration()] {
            var configuration = try loader.load(text: text)
            let shown = configuration.effectiveYAML()
            #expect(!shown.contains("hunter2"))

            let again = try loader.load(text: shown, name: "effective.yaml")
            #expect(again.effectiveYAML() == shown)
            for index in configuration.upstreams.indices {
                if configuration.upstreams[index].apiKey != nil {
                    configuration.upstreams[index].apiKey = Secret("***")
                }
                for field in configuration.upstreams[index].requestHeaders.set.indices {
                    guard configuration.upstreams[index].requestHeaders.set[field].name == "Authorization" else {
                        continue
                    }
                    configuration.upstreams[index].requestHeaders.set[field].value = "***"
                }
            }
            configuration.warnings = again.warnings
            #expect(again == configuration)
        }
    }

    @Test func `it shows every key that the decoder knows`() throws {
        let loader = try Repository.loader()
        let shown = try loader.load(text: Self.text).effectiveYAML()
        let known = try loader.knownKeys(readingText: Self.text)
        // Resolved, left out where there is none, or another form of what is shown.
        let absent: Set<String> = ["profile", "defaults"]
        for key in known {
            let name = String(key.split(separator: ".").last ?? "")
            if !absent.contains(name) { #expect(shown.contains("\(name):"), "\(key) is not shown") }
        }
    }

    @Test func `a change is told as old and new`() throws {
        let loader = try Repository.loader()
        let old = try loader.load(text: Self.text)
        let new = try loader.load(
            text: Self.text
                .replacing("threads: 2", with: "threads: auto")
                .replacing("api_key: hunter2", with: "api_key: hunter3")
                .replacing("cache: {ttl: 90s}", with: "breaker: {fail_max: 9, exclude: [4xx, 501]}")
                .replacing("  weather:", with: "  climate:")
                .replacing("deadline: 2500ms", with: "deadline: 30s")
        )
        let changes = new.changes(from: old)
        #expect(changes.contains("threads: 2 -> auto"))
        #expect(changes.contains("upstreams.plant_id.api_key: \"***\" -> \"***\""))
        #expect(changes.contains("upstreams.plantnet.breaker.fail_max: 5 -> 9"))
        #expect(changes.contains("upstreams.plantnet.breaker.exclude: [4xx] -> [4xx, 501]"))
        #expect(changes.contains { $0.hasPrefix("upstreams.plantnet.cache: ") && $0.hasSuffix(" -> off") })
        #expect(changes.contains("upstreams.weather: removed"))
        #expect(changes.contains("upstreams.climate: added"))
        #expect(changes.contains("combined.identify.deadline: 2500ms -> 30s"))
        #expect(!changes.contains { $0.contains("hunter") })
        #expect(old.changes(from: old) == [])
    }

    @Test func `another certificate in the same file is a change`() throws {
        let old = try Repository.loader().load(text: Self.text)
        var new = old
        let other = try #require(new.listen[1].tls)
        new.listen[1].tls?.chain = other.clientAuthorities
        #expect(new.changes(from: old) == ["listen[1].tls.certificate: changed"])
    }

    @Test func `what its author may not have meant is a warning`() throws {
        let configuration = try Repository.loader().load(
            text: """
                upstreams:
                  a:
                    url: http://a.example.com
                    auth: {header: X-Key}
                    api_key: hunter2
                    cache: {ttl: 1h, methods: [POST], share_credentials: true}
                  b:
                    url: https://b.example.com
                    auth: {header: X-Key}
                    cache: {mode: http, share_credentials: true, stale_if_error: 2d, retention: 1d}
                    routes: [{path: /x, cache: {mode: ttl, ttl: 1m, share_credentials: false, methods: [POST]}}]
                """
        )
        #expect(
            configuration.warnings.map(\.path) == [
                "upstreams.a.api_key", "upstreams.a.cache", "upstreams.a.cache.methods", "upstreams.b.cache",
                "upstreams.b.cache.stale_if_error",
            ]
        )
        #expect(configuration.warnings[0].summary.hasPrefix("config.yaml:5:14: warning: upstreams.a.api_key: "))
        #expect(!configuration.warnings.description.contains("hunter2"))
    }
}
