// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct ForwardedFieldsTests {
    @Test func fieldsOfTheHopEndHere() async throws {
        let upstream = try await FaultyUpstream { _ in
            .respond(
                200,
                [
                    "Connection": "keep-alive, X-Hop", "X-Hop": "1", "Keep-Alive": "timeout=5", "Proxy-Connection": "x",
                    "Upgrade": "h2c", "Proxy-Authenticate": "Basic", "X-End": "2", "Set-Cookie": "a", "set-cookie": "b",
                    "Connection": "Content-Type", "Content-Type": "text/plain", "Server": "s", "Date": "d",
                ],
                body: "hello"
            )
        }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange(
                "GET",
                "/api/",
                [
                    "Connection": "x-hop , Upgrade,close2", "X-Hop": "1", "x-HOP": "2", "TE": "trailers, gzip",
                    "Keep-Alive": "x", "Proxy-Connection": "keep-alive", "Proxy-Authorization": "Basic x",
                    "Upgrade": "h2c",
                    "HTTP2-Settings": "x", "X-End": "3", "Connection": "Host, Content-Length, Authorization",
                    "Authorization": "Bearer x", "Accept-Encoding": "gzip", "X-End": "4",
                ]
            )
            let request = try #require(upstream.requests.first)
            let hop = [
                "connection", "x-hop", "te", "keep-alive", "proxy-connection", "proxy-authorization", "upgrade",
                "http2-settings", "transfer-encoding", "proxy-authenticate",
            ]
            for name in hop {
                #expect(!request.fields.contains(name), "\(name) went to the upstream")
                #expect(!response.fields.contains(name), "\(name) went to the client")
            }
            #expect(request.fields.values(of: "x-end") == ["3", "4"])
            #expect(request.fields["authorization"] == "Bearer x")
            #expect(request.fields["accept-encoding"] == "gzip")
            #expect(response.fields["x-end"] == "2")
            #expect(response.fields.values(of: "set-cookie") == ["a", "b"])
            #expect(response.fields["content-type"] == "text/plain")
            #expect(response.fields["server"] == "s")
            #expect(response.fields.values(of: "date") == ["d"])
        }
    }

    @Test func hostIsTheUpstreams() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            _ = try await proxy.exchange("GET", "/api/", ["Host": "somebody.else"])
            #expect(upstream.requests.first?.fields.values(of: "host") == ["127.0.0.1:\(upstream.port)"])
        }
    }

    @Test func everyAnswerSaysWhichWayItCame() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(200, ["Via": "1.1 origin"]))
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/", ["Via": "1.0 a, 1.1 b (c)"])
            let mine = "1.1 \(RequestID.pseudonym)"
            #expect(upstream.requests.first?.fields.list("via") == ["1.0 a", "1.1 b (c)", mine[...]])
            #expect(response.fields.list("via") == ["1.1 origin", mine[...]])
            #expect(response.fields["x-windbreak-circuit"] == "api; state=closed")
            #expect(response.fields["date"] != nil)
        }
    }

    @Test func aRequestThatComesRoundAgainIsRefused() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let port = proxy.port
            // The upstream is now the proxy itself.
            try await proxy.reload { configuration in
                configuration.upstreams[0].url.port = port
                configuration.upstreams[0].url.basePath = "/api"
            }
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 508)
            #expect(response.fields["proxy-status"]?.contains("error=proxy_loop_detected") == true)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test(
        arguments: [
            (ForwardedHeaders.append, "1.2.3.4, 127.0.0.1", "https", "first.example"),
            (.replace, "127.0.0.1", "http", "proxy.test"), (.remove, nil, nil, nil),
        ] as [(ForwardedHeaders, String?, String?, String?)]
    )
    func theClientIsNamedAsConfigured(
        _ rule: ForwardedHeaders,
        _ address: String?,
        _ proto: String?,
        _ host: String?
    ) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.forwardedHeaders = rule
        } _: { proxy in
            let sent: HeaderFields = [
                "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "first.example",
            ]
            _ = try await proxy.exchange("GET", "/api/", sent)
            let fields = try #require(upstream.requests.first?.fields)
            #expect(fields.values(of: "x-forwarded-for") == [address].compactMap(\.self))
            #expect(fields.values(of: "x-forwarded-proto") == [proto].compactMap(\.self))
            #expect(fields.values(of: "x-forwarded-host") == [host].compactMap(\.self))
        }
    }

    @Test func fieldsAreSetAndRemovedAsConfigured() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.requestHeaders.remove = ["cookie"]
            $0.requestHeaders.set = [.init(name: "X-Team", value: "plants"), .init(name: "User-Agent", value: "w")]
        } _: { proxy in
            _ = try await proxy.exchange(
                "GET",
                "/api/",
                ["Cookie": "a", "cookie": "b", "User-Agent": "x", "x-team": "y"]
            )
            let fields = try #require(upstream.requests.first?.fields)
            #expect(!fields.contains("cookie"))
            #expect(fields.values(of: "x-team") == ["plants"])
            #expect(fields.values(of: "user-agent") == ["w"])
        }
    }

    // MARK: Credentials

    @Test func aConfiguredKeyReplacesTheCallersHeader() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.auth = .header("Api-Key")
            $0.apiKey = Secret("ours")
        } _: { proxy in
            _ = try await proxy.exchange("GET", "/api/", ["api-key": "theirs", "API-KEY": "another"])
            _ = try await proxy.exchange("GET", "/api/")
            #expect(upstream.requests.map { $0.fields.values(of: "api-key") } == [["ours"], ["ours"]])
        }
    }

    @Test func whatTheFileDecidesIsNotSaidAgainBehindTheContent() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.auth = .header("Api-Key")
            $0.apiKey = Secret("ours")
            $0.requestHeaders.remove = ["origin"]
            $0.requestHeaders.set = [.init(name: "Team", value: "ours")]
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send(
                "POST /api/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
                    + "API-Key: theirs\r\nOrigin: o\r\nteam: theirs\r\nKept: k\r\n\r\n"
            )
            #expect(try await client.response(to: "POST").status == 200)
            #expect(upstream.requests.first?.trailers == ["Kept": "k"])
        }
    }

    @Test func aConfiguredKeyReplacesTheCallersQuery() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, basePath: "/v2") {
            $0.auth = .query("api-key")
            $0.apiKey = Secret("o&rs=1 ")
        } _: { proxy in
            for query in ["?api-key=theirs&a=b&API-Key=x&c", "?a=b&api%2dkey=theirs&c", "?a=b&c&api-key"] {
                _ = try await proxy.exchange("GET", "/api/x" + query)
            }
            _ = try await proxy.exchange("GET", "/api/x")
            let expected = "/v2/x?a=b&c&api-key=o%26rs%3D1%20"
            #expect(upstream.requests.map(\.target) == [expected, expected, expected, "/v2/x?api-key=o%26rs%3D1%20"])
        }
    }

    @Test(arguments: [CredentialPlacement.header("Api-Key"), .query("api-key")], [nil, Secret("")])
    func withoutAConfiguredKeyTheCallersOwnPasses(_ auth: CredentialPlacement, _ key: Secret?) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.auth = auth
            $0.apiKey = key
        } _: { proxy in
            _ = try await proxy.exchange("GET", "/api/x?api-key=theirs&a", ["Api-Key": "theirs"])
            let request = try #require(upstream.requests.first)
            #expect(request.target == "/x?api-key=theirs&a")
            #expect(request.fields["api-key"] == "theirs")
        }
    }
}
