// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct RoutingTests {
    @Test func theLongestPrefixWinsAndEndsWhereASegmentEnds() async throws {
        let (first, second) = (try await FaultyUpstream(), try await FaultyUpstream())
        try await withProxy { configuration in
            var plain = UpstreamConfiguration(name: "plain", at: first)
            plain.path = "/api"
            var versioned = UpstreamConfiguration(name: "versioned", at: second)
            versioned.path = "/api/v2"
            configuration.upstreams = [plain, versioned]
        } _: { (proxy) async throws in
            for target in ["/api/v2/x", "/api/v2", "/api/v2?q", "/api/v2x", "/api/v", "/api", "/api?q=/api/v2"] {
                #expect(try await proxy.exchange("GET", target).status == 200)
            }
            #expect(try await proxy.exchange("GET", "/apix").status == 404)
        }
        #expect(second.requests.map(\.target) == ["/x", "/", "/?q"])
        #expect(first.requests.map(\.target) == ["/v2x", "/v", "/", "/?q=/api/v2"])
        await first.stop()
        await second.stop()
    }

    @Test func anUpstreamMayOwnEverything() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, basePath: "/base") {
            $0.path = "/"
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/a/b?c").status == 200)
            #expect(try await proxy.exchange("GET", "/").status == 200)
            #expect(upstream.requests.map(\.target) == ["/base/a/b?c", "/base/"])
        }
    }

    @Test(
        arguments: [
            "/a%2fb", "/a%2Fb?c=%2f..", "/%E2%82%AC", "/a//b", "//a", "/a;b=c", "/a.b/...", "/.a/..b", "/a?x=/../y",
            "/a/",
            "/%61", "/a+b", "/:x@y", "/a%252e%252e%252fb", "/?", "/a?b?c",
        ]
    )
    func whatIsBelowTheMountArrivesAsItWasSent(_ path: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, basePath: "/base") { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api" + path).status == 200)
            #expect(upstream.requests.map(\.target) == ["/base" + path])
        }
    }

    @Test(
        arguments: [
            "/api/../secret", "/api/..", "/api/../", "/api/%2e%2e/secret", "/api/.%2e/secret", "/api/%2E./secret",
            "/api/a/../../secret", "/api/..%2fsecret", "/api/..%2Fsecret", "/api/%2e%2e%2fsecret",
            "/api/a/..%2f..%2fsecret",
            "/api/..\\secret", "/api/..%5csecret", "/api/%2e%2e%5Csecret", "/api/..;/secret", "/api/..;x=y/secret",
            "/api/%2e%2e;/secret", "/api/./../secret", "/api//../../secret", "/api/a%2f..%2f..%2fsecret",
            "/../api/../secret",
            "/api/..%00/secret", "/api/..%2f..%2f", "/api/x/..%5c..%5csecret", "/api/%2e%2e%3bx/secret",
        ]
    )
    func noRequestEscapesItsMount(_ target: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, basePath: "/base") { proxy in
            let response = try await proxy.exchange("GET", target)
            for request in upstream.requests {
                #expect(Self.walk(request.target).starts(with: ["base"]), "\(target) reached \(request.target)")
            }
            #expect([200, 400, 404].contains(response.status))
        }
    }

    /// The segments of a path as the most generous of servers would walk them.
    private static func walk(_ target: String) -> [String] {
        let path = target.prefix { $0 != "?" }
        let decoded = String(decoding: PercentEncoding.decode(path), as: UTF8.self)
        return decoded.split { $0 == "/" || $0 == "\\" }.reduce(into: []) { walked, segment in
            switch segment.prefix(while: { $0 != ";" && $0 != "\0" }) {
            case "..": _ = walked.popLast()
            case ".", "": break
            default: walked.append(String(segment))
            }
        }
    }

    @Test func dotSegmentsWithinTheMountAreResolved() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            for target in ["/api/a/../b", "/api/./b", "/api/a/%2e%2e/b", "/x/../api/b"] {
                #expect(try await proxy.exchange("GET", target).status == 200)
            }
            #expect(upstream.requests.map(\.target) == Array(repeating: "/b", count: 4))
        }
    }

    @Test func anUnknownPathIsExplained() async throws {
        try await withProxy { _ in
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/nowhere")
            #expect(response.status == 404)
            #expect(response.fields["content-type"] == "application/problem+json")
            #expect(response.fields["proxy-status"]?.contains("error=http_request_denied") == true)
            let problem = try JSON(parsing: response.body.readableBytesView)
            #expect(problem["status"] == .number("404"))
            #expect(problem["reason"] == .string("no-route"))
            #expect(problem["upstream"] == .null)
        }
    }

    @Test func aRequestInAbsoluteFormIsMatchedByItsHost() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, basePath: "/base") {
            $0.hosts = ["api.example"]
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "http://api.example/base/a?b").status == 200)
            #expect(
                try await proxy.exchange("GET", "HTTP://API.example:80/base", ["Host": "other.example"]).status == 200
            )
            #expect(upstream.requests.map(\.target).first == "/base/a?b")
            #expect(upstream.requests.allSatisfy { $0.fields["host"] == "127.0.0.1:\(upstream.port)" })
            #expect(try await proxy.exchange("GET", "http://api.example/base/../secret").status == 404)
            #expect(try await proxy.exchange("GET", "http://evil.example/base/a").status == 403)
            #expect(try await proxy.exchange("GET", "http://u@api.example/base/a").status == 400)
            #expect(try await proxy.exchange("GET", "http://api.example:x/base/a").status == 400)
            #expect(try await proxy.exchange("GET", "ftp://api.example/base/a").status == 400)
            #expect(upstream.requests.count == 2)
        }
    }

    @Test(arguments: ["2001:db8::a", "2001:DB8:0:0::0:A", "2001:db8::0.0.0.10"])
    func anAddressIsTheSameHoweverItIsWritten(_ host: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.hosts = ["2001:db8::a"]
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "http://[\(host)]/a").status == 200)
            #expect(try await proxy.exchange("GET", "http://[2001:db8::b]/a").status == 403)
        }
    }

    @Test func anAbsoluteTargetOverrulesHost() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.hosts = ["api.example"]
        } _: { (proxy) async throws in
            let target = "http://api.example:80/a"
            #expect(try await proxy.exchange("GET", target, ["Host": "evil.example"]).status == 200)
            #expect(upstream.requests.map { $0.fields["x-forwarded-host"] } == ["api.example:80"])
        }
    }

    @Test func anUpstreamOverTLSMayBeAskedForInClearText() async throws {
        let upstream = try await FaultyUpstream(tls: .localhost)
        try await withProxy(to: upstream) {
            $0.hosts = ["api.example"]
            $0.tls.caFile = TestCertificate.authorityFile
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "http://api.example/a").text == "hello")
            #expect(try await proxy.exchange("GET", "https://api.example:443/a").text == "hello")
        }
    }

    @Test(
        arguments: [
            ("http://api.example/", 200), ("http://api.example:/", 200), ("http://api.example:80/", 200),
            ("https://api.example/", 200), ("https://api.example:443/", 200), ("http://api.example.:80/", 200),
            ("http://api.example?q", 200), ("http://api.example:81/", 403), ("https://api.example:80/", 403),
            ("http://api.example:0/", 403), ("http://api.example..:80/", 403), ("http://api.example:65536/", 400),
            ("http://api.example:000080/", 400), ("http://api.example:-80/", 400), ("http://api.example:80:80/", 400),
            ("http://[api.example]/", 400), ("http://[::1]api.example/", 400), ("http://[::1/", 400),
            ("http://evil@api.example/", 400), ("http://api.example@evil/", 400), ("http://api.example\\@evil/", 400),
            ("http:///api", 400), ("http://:80/", 400), ("http:/api.example/", 400), ("//api.example/", 404),
        ] as [(String, Int)]
    )
    func hostAndPortOfAnAbsoluteTargetMustBeDeclared(_ target: String, _ status: Int) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.hosts = ["api.example"]
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", target).status == status)
            #expect(upstream.requests.count == (status == 200 ? 1 : 0))
            let own = "http://api.example:\(upstream.port)/"
            #expect(try await proxy.exchange("GET", own).status == 200)
            try await eventually("both to be counted, once each") {
                let samples = try proxy.engine.metrics.requests.samples + proxy.upstream().metrics.requests.samples
                return samples.reduce(0) { $0 + $1.count } == 2
            }
        }
    }

    @Test(
        arguments: [
            ("api.example", "/base/a?b", 200), ("API.example:80", "/base/a?b", 200), ("api.example", "/api/a?b", 404),
            ("api.example:81", "/api/a?b", 200), ("evil.example", "/api/a?b", 200), ("evil.example", "/base/a", 404),
        ] as [(String, String, Int)]
    )
    func byHTTP2TheAuthorityTellsWhomARequestIsFor(_ authority: String, _ path: String, _ status: Int) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, basePath: "/base") {
            $0.hosts = ["api.example"]
        } _: { (proxy) async throws in
            let client = try await HTTP2Client(to: proxy.port)
            try await client.send(.get(path, authority: authority))
            #expect(try await client.response().status == status)
            #expect(upstream.requests.map(\.target) == (status == 200 ? ["/base/a?b"] : []))
        }
    }

    /// RFC 9112, 3.2.2: a server takes a target in absolute form for its own resources too.
    @Test func theServerItselfMayBeNamedInTheTarget() async throws {
        let upstream = try await FaultyUpstream()
        let local = LocalRoute(path: "/here", methods: [.get], handler: Here())
        try await withProxy(local: [local]) {
            $0.upstreams = [UpstreamConfiguration(name: "api", at: upstream)]
            $0.admin = ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 0))
        } _: { proxy in
            let admin = proxy.engine.adminAddress?.port ?? 0
            for host in ["127.0.0.1", "localhost", "LOCALHOST."] {
                #expect(try await proxy.exchange("GET", "http://\(host):\(proxy.port)/api/x?y").status == 200)
                #expect(try await proxy.exchange("GET", "http://\(host):\(proxy.port)/here").text == "here")
            }
            #expect(upstream.requests.map(\.target) == Array(repeating: "/x?y", count: 3))
            for place in ["127.0.0.1:\(admin)", "192.0.2.1:\(proxy.port)", "evil.example:\(proxy.port)"] {
                #expect(try await proxy.exchange("GET", "http://\(place)/api/x").status == 403, "\(place)")
            }
            let client = try await TestClient(to: admin)
            for place in ["127.0.0.1:\(admin)", "admin.example"] {
                #expect(try await client.exchange("GET", "http://\(place)/here").text == "here")
            }
            await client.close()
        }
        await upstream.stop()
    }

    private struct Here: LocalHandler {
        let maxBody = 0
        func respond(to request: LocalRequest) async -> LocalResponse {
            LocalResponse(200, body: ByteBuffer(string: "here"))
        }
    }

    @Test func theServerAsAWholeHasOptions() async throws {
        try await withProxy { _ in
        } _: { proxy in
            let response = try await proxy.exchange("OPTIONS", "*")
            #expect(response.status == 204)
            #expect(response.fields["allow"]?.contains("GET") == true)
        }
    }

    @Test(arguments: ["CONNECT evil.example:443", "GET *", "GET api", "GET ?x", "TRACE /x", "TRACE *"])
    func otherTargetsAreRefused(_ line: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.path = "/"
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("\(line) HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(400..<500 ~= (try await client.response().status))
            #expect(upstream.requests.isEmpty)
        }
    }
}
