// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import LocalAuthority
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Tunnels that are opened here, over real sockets.
@Suite(.serialized) struct InterceptedTunnelTests {
    private static let token = "correct-horse-battery"

    @Test(arguments: TunnelRequest.allCases) func requestsWithinAreRequestsLikeAnyOther(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls)
            let large = String(repeating: "0123456789", count: 100_000)
            for _ in 0..<2 {
                let response = try await client.exchange("POST", "/a?b=c", ["Host": "api.example"], body: large)
                #expect(response.text == "hello")
                #expect(response.fields["x-windbreak-circuit"] == "api; state=closed")
                #expect(upstream.requests.last?.target == "/a?b=c")
                #expect(upstream.requests.last?.bodyText == large)
                #expect(upstream.requests.last?.fields["x-forwarded-proto"] == "https")
            }
            upstream.script(.reset)
            #expect(try await client.exchange("POST", "/", ["Host": "api.example"], body: "x").status == 502)
        }
    }

    /// The same octets on a listener, in a tunnel to one host and in a tunnel to another are three requests.
    @Test(arguments: TunnelRequest.allCases) func whatComesAgainStaysInItsTunnel(
        _ request: TunnelRequest
    ) async throws {
        let other = try await FaultyUpstream { _ in .respond(body: "other") }
        try await withInterception(hosts: ["api.example", "other.example"]) { configuration in
            var upstream = UpstreamConfiguration(name: "other", at: other)
            upstream.hosts = ["other.example"]
            configuration.upstreams.append(upstream)
            configuration.forward.intercept.append("other")
        } _: { (proxy, upstream, tls) async throws in
            var otherTLS = tls
            otherTLS.serverName = "other.example"
            let clients = [
                try await request.client(of: proxy, tls),
                try await request.client(of: proxy, otherTLS, to: "other.example:443"),
                try await proxy.client(),
            ]
            for _ in 0..<4 {
                // Without a host, so that the tunnel alone tells where it leads.
                for (client, expected) in zip(clients, ["hello", "other", nil]) {
                    try await client.send("GET /a HTTP/1.1\r\nHost:\r\n\r\n")
                    let response = try await client.response()
                    #expect(expected == nil ? response.status == 404 : response.text == expected)
                }
            }
            let hosts = (upstream.requests + other.requests).map { $0.fields["x-forwarded-host"] }
            #expect(hosts.count == 8)
            #expect(Set(hosts[..<4]).count == 1 && Set(hosts[4...]).count == 1 && hosts[0] != hosts[4])
        }
        await other.stop()
    }

    @Test(arguments: TunnelRequest.allCases) func http2IsSpokenWithinToo(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, upstream, tls in
            var tls = tls
            tls.protocols = ["h2"]
            let client = try await HTTP2Client(request.client(of: proxy, tls))
            for (stream, authority, status) in [(1, "api.example", 200), (3, "evil.example", 421)] {
                let fields = TestFrame.request("GET", "/x", authority: authority)
                try await client.send(.headers(fields, stream: UInt32(stream), endStream: true))
                #expect(try await client.response(on: UInt32(stream)).status == status)
            }
            #expect(upstream.requests.map(\.target) == ["/x"])
        }
    }

    @Test(arguments: TunnelRequest.allCases) func anOpenCircuitAnswersWithin(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, upstream, tls in
            upstream.script(.reset, .reset)
            let client = try await request.client(of: proxy, tls)
            for _ in 0..<2 {
                #expect(try await client.exchange("POST", "/", ["Host": "api.example"], body: "x").status == 502)
            }
            let rejected = try await client.exchange("GET", "/", ["Host": "api.example"])
            #expect(rejected.status == 503 && rejected.fields.contains("retry-after"))
            #expect(upstream.requests.count == 2)
        }
    }

    @Test(
        arguments: [
            ("/", "evil.example"), ("/", "api.example:444"), ("https://evil.example/", "api.example"),
            ("https://api.example:444/", "api.example"),
        ]
    )
    func noOtherOriginIsReachedThroughOne(_ target: String, _ host: String) async throws {
        try await withInterception { proxy, upstream, tls in
            let client = try await TunnelRequest.http1.client(of: proxy, tls)
            let response = try await client.exchange("GET", target, ["Host": host])
            #expect(response.status == 421)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test(arguments: ["/-/health", "/api/"]) func pathsAreThoseOfTheOrigin(_ target: String) async throws {
        try await withInterception { proxy, upstream, tls in
            let client = try await TunnelRequest.http1.client(of: proxy, tls)
            #expect(try await client.exchange("GET", target, ["Host": "api.example"]).text == "hello")
            #expect(upstream.requests.map(\.target) == [target])
        }
    }

    @Test(arguments: TunnelRequest.allCases) func noTunnelBeginsInATunnel(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls)
            #expect(try await client.exchange("CONNECT", "api.example:443").status == 405)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test(arguments: TunnelRequest.allCases) func aDotAtTheEndOfTheNameChangesNothing(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, upstream, tls in
            let client = try await request.client(of: proxy, tls, to: "API.example.:443")
            #expect(try await client.exchange("GET", "/", ["Host": "api.example"]).text == "hello")
        }
    }

    // MARK: Access

    @Test(arguments: TunnelRequest.allCases) func aTokenIsNeededBeforeIt(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception {
            $0.listen[0].access.tokens = [Secret(Self.token)]
        } _: { proxy, upstream, tls in
            let refused = try await proxy.exchange("CONNECT", "api.example:443")
            #expect(refused.status == 407 && refused.fields.contains("proxy-authenticate"))
            let credentials = [("proxy-authorization", "Bearer \(Self.token)")]
            let client = try await request.client(of: proxy, tls, credentials)
            let fields: HeaderFields = ["Host": "api.example", "Authorization": "Bearer of-the-upstream"]
            #expect(try await client.exchange("GET", "/", fields).text == "hello")
            #expect(upstream.requests.last?.fields["authorization"] == "Bearer of-the-upstream")
            #expect(upstream.requests.last?.fields.contains("proxy-authorization") == false)
            try await proxy.reload { $0.listen[0].access.tokens = [Secret("another-one-entirely")] }
            #expect(try await client.exchange("GET", "/", fields).status == 403)
            #expect(upstream.requests.count == 1)
        }
    }

    // MARK: Handshake

    @Test(arguments: TunnelRequest.allCases) func whoDoesNotTrustTheAuthorityIsToldOfInTheLog(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception { proxy, upstream, tls in
            var tls = tls
            tls.authority = nil
            let client = try await request.client(of: proxy, tls)
            _ = try await client.end()
            let line = try await proxy.log.line("[INTERCEPT]")
            #expect(
                line.hasPrefix("warning ")
                    && line.contains("127.0.0.1 does not trust the local authority for api.example")
            )
            #expect(line.contains("windbreak run -- ") && line.contains("SSL_CERT_FILE"))
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test(
        arguments: TunnelRequest.allCases,
        ["GET / HTTP/1.1\r\nHost: api.example\r\n\r\n", "\u{16}\u{3}\u{1}", ""]
    )
    func whatIsNoHandshakeEndsIt(_ request: TunnelRequest, _ text: String) async throws {
        try await withInterception { proxy, _, _ in
            let client = try await request.open(through: proxy)
            try await client.send(text)
            try await client.halfClose()
            _ = try await client.end()
            #expect(try await proxy.log.line("[INTERCEPT]").hasPrefix("notice "))
        }
    }

    @Test(arguments: TunnelRequest.allCases) func aHandshakeThatDoesNotComeIsNotWaitedFor(
        _ request: TunnelRequest
    ) async throws {
        try await withInterception {
            $0.downstream.handshakeTimeout = .milliseconds(100)
        } _: { proxy, _, _ in
            let client = try await request.open(through: proxy)
            _ = try await client.end()
            try await proxy.log.line("was too slow in its handshake for api.example")
        }
    }

    // MARK: Authority

    @Test func anAuthorityForOtherHostsIsRefusedAndNothingChanges() async throws {
        try await withInterception { proxy, _, tls in
            let error = await #expect(throws: EngineError.self) {
                try await proxy.reload { $0.upstreams[0].hosts.append("new.example") }
            }
            #expect("\(error.map(String.init(describing:)) ?? "")".contains("is not for new.example of api"))
            let client = try await TunnelRequest.http1.client(of: proxy, tls)
            #expect(try await client.exchange("GET", "/", ["Host": "api.example"]).text == "hello")
        }
    }

    @Test func anAuthorityThatHasExpiredIsRefused() async throws {
        let error = await #expect(throws: EngineError.self) {
            try await withInterception(now: 1_000_000_000) { _, _, _ in }
        }
        #expect("\(error.map(String.init(describing:)) ?? "")".contains("has expired"))
    }

    @Test func aCertificateIsMadeOnceForAHost() throws {
        let new = try NewAuthority(for: ["api.example"], now: 1_000_000_000)
        let authority = try CertificateAuthority(certificatePEM: new.certificatePEM, keyPEM: new.keyPEM)
        let interception = Interception(authority, upstreams: ["api"])
        let first = try interception.context(for: "api.example", now: 1_000_000_000)
        #expect(try interception.context(for: "api.example", now: 1_000_000_000 + 86400) === first)
        #expect(try interception.context(for: "api.example", now: 1_000_000_000 + 6 * 86400) !== first)
    }
}
