// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct LocationTests {
    @Test(
        arguments: [
            ("/base/x?y#z", "/api/x?y#z"), ("/base", "/api"), ("/base?q", "/api?q"), ("AUTHORITY/base/x", "/api/x"),
            ("//127.0.0.1:PORT/base/x", "/api/x"), ("/basement", nil), ("/elsewhere", nil), ("x/y", nil), ("?q", nil),
            ("https://other.example/base/x", nil), ("AUTHORITY/elsewhere", nil),
            ("http://127.0.0.1.evil.example/base", nil),
            ("AUTHORITY@evil.example/base/x", nil), ("", nil),
        ]
    )
    func aRedirectIntoTheUpstreamLeadsThroughTheProxy(_ sent: String, _ expected: String?) async throws {
        let upstream = try await FaultyUpstream()
        let location = sent.replacing("AUTHORITY", with: upstream.url).replacing("PORT", with: "\(upstream.port)")
        upstream.script(.respond(302, ["Location": location, "Content-Location": location]))
        try await withProxy(to: upstream, basePath: "/base") { proxy in
            let response = try await proxy.exchange("GET", "/api/a")
            #expect(response.status == 302)
            #expect(response.fields["location"] == expected ?? location)
            #expect(response.fields["content-location"] == location)
        }
    }

    @Test(arguments: [("/base/a", "/api/a"), ("AUTHORITY/base/a", "/api/a"), ("/base/b", "/base/b"), ("a", "a")])
    func contentThatIsOfTheTargetStaysSo(_ sent: String, _ expected: String) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(200, ["Content-Location": sent.replacing("AUTHORITY", with: upstream.url)]))
        try await withProxy(to: upstream, basePath: "/base") { proxy in
            let response = try await proxy.exchange("GET", "/api/a")
            #expect(response.fields["content-location"] == expected)
        }
    }

    @Test func aRedirectIsLeftAsItIsForAClientThatNamedTheUpstream() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(302, ["Location": "/base/there"]))
        try await withProxy(to: upstream, basePath: "/base") { proxy in
            let response = try await proxy.exchange("GET", "\(upstream.url)/base/a")
            #expect(response.status == 302)
            #expect(response.fields["location"] == "/base/there")
        }
    }
}
