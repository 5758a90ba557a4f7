// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// Who may use a listener, over real sockets.
@Suite(.serialized) struct AccessTests {
    private static let token = "correct-horse-battery"

    private static func withTokens(_ test: (TestProxy, FaultyUpstream) async throws -> Void) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy { configuration in
            var api = UpstreamConfiguration(name: "api", at: upstream)
            api.hosts = ["api.example"]
            api.apiKey = Secret("key-of-the-upstream")
            api.auth = .header("X-Api-Key")
            configuration.upstreams = [api]
            configuration.listen[0].access.tokens = [Secret(Self.token)]
        } _: { (proxy) async throws in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    @Test(arguments: [("/api/", 401), ("/nowhere", 401), ("http://api.example/", 407), ("http://evil.example/", 407)])
    func withoutATokenNothingIsToldOrSpent(_ target: String, _ status: Int) async throws {
        try await Self.withTokens { proxy, upstream in
            let response = try await proxy.exchange("GET", target)
            #expect(response.status == status)
            let challenge = status == 401 ? "www-authenticate" : "proxy-authenticate"
            #expect(response.fields[challenge] == "Basic realm=\"windbreak\", Bearer realm=\"windbreak\"")
            #expect(response.fields["content-type"] == "application/problem+json")
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func byHTTP2AProxyIsToldFromAServerByTheAuthority() async throws {
        try await Self.withTokens { proxy, upstream in
            let client = try await HTTP2Client(to: proxy.port)
            for (stream, authority, status) in [(1, "api.example", 407), (3, "proxy.test", 401)] as [(UInt32, _, _)] {
                try await client.send(.get("/", stream: stream, authority: authority))
                #expect(try await client.response(on: stream).status == status)
            }
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func aTunnelNeedsOneToo() async throws {
        try await Self.withTokens { proxy, upstream in
            let refused = try await proxy.exchange("CONNECT", "api.example:443")
            #expect(refused.status == 407 && refused.fields.contains("proxy-authenticate"))
            #expect(upstream.record.value.accepted == 0)
            let client = try await proxy.client()
            try await client.send("CONNECT", "api.example:443", ["Proxy-Authorization": "Bearer \(Self.token)"])
            let head = try await client.head()
            #expect(head.status == 200)
            let inside = try await client.exchange("GET", "/inside")
            #expect(inside.text == "hello")
        }
    }

    @Test func withOneTheUpstreamGetsItsKeyAndNotTheToken() async throws {
        try await Self.withTokens { proxy, upstream in
            for fields: HeaderFields in [
                ["X-Windbreak-Token": Self.token], ["Authorization": "Bearer \(Self.token)"],
                ["Proxy-Authorization": "Bearer \(Self.token)"],
            ] {
                let response = try await proxy.exchange("GET", "/api/", fields)
                #expect(response.text == "hello")
            }
            #expect(upstream.requests.count == 3)
            for request in upstream.requests {
                #expect(request.fields["x-api-key"] == "key-of-the-upstream")
                #expect(!request.rawHead.contains(Self.token))
            }
        }
    }

    @Test func aTokenIsGoodForAsLongAsTheFileHasIt() async throws {
        try await Self.withTokens { proxy, _ in
            let client = try await proxy.client()
            let before = try await client.exchange("GET", "/api/", ["X-Windbreak-Token": Self.token])
            #expect(before.status == 200)
            try await proxy.reload { $0.listen[0].access.tokens = [Secret("another-one-entirely")] }
            let after = try await client.exchange("GET", "/api/", ["X-Windbreak-Token": Self.token])
            #expect(after.status == 401)
        }
    }

    @Test func aTokenThatNobodyAskedForGoesNoFurtherEither() async throws {
        try await Self.withTokens { proxy, upstream in
            try await proxy.reload { $0.listen[0].access = AccessRules() }
            _ = try await proxy.exchange("GET", "/api/", ["X-Windbreak-Token": Self.token])
            #expect(upstream.requests.allSatisfy { !$0.rawHead.contains(Self.token) })
        }
    }

    @Test func addressesThatAreNotAllowedAreRefused() async throws {
        try await Self.withTokens { proxy, upstream in
            try await proxy.reload { configuration in
                configuration.listen[0].access.networks = [try #require(IPNetwork("10.0.0.0/8"))]
            }
            let response = try await proxy.exchange("GET", "/api/", ["X-Windbreak-Token": Self.token])
            #expect(response.status == 403)
            #expect(upstream.record.value.accepted == 0)
        }
    }
}
