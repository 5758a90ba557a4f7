// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// RFC 9112, 3.2 and 3.3, RFC 9110, 4.2 and 7.6.2.
@Suite(.serialized) struct TargetTests {
    private static func request(_ target: String, _ method: String = "GET", fields: String = "Host: x\r\n") -> String {
        "\(method) \(target) HTTP/1.1\r\n\(fields)\r\n"
    }

    private static func passes(_ target: String, as forwarded: String, _ method: String = "GET") -> RawRequest {
        .passes(Self.request(target, method), as: "\(method) \(forwarded) HTTP/1.1\r\n")
    }

    @Test func pathsArePassedOnAsTheyAreRouted() async throws {
        try await expectFates([
            Self.passes("/api", as: "/"), Self.passes("/api/", as: "/"), Self.passes("/api?a=b", as: "/?a=b"),
            Self.passes("/api/?", as: "/?"), Self.passes("/api/x?a=b?c&d=/../e", as: "/x?a=b?c&d=/../e"),
            Self.passes("/api//x", as: "//x"), Self.passes("/api/x/", as: "/x/"), Self.passes("/api/./x", as: "/x"),
            Self.passes("/api/a/../x", as: "/x"), Self.passes("/api/%2e/x", as: "/x"),
            Self.passes("/api/a/%2E%2e/x", as: "/x"),
            Self.passes("/other/../api/x", as: "/x"), Self.passes("/api/x/..", as: "/"),
            Self.passes("/api/a%2fb", as: "/a%2fb"),
            Self.passes("/api/a%5Cb", as: "/a%5Cb"), Self.passes("/api/%252e%252e/x", as: "/%252e%252e/x"),
            Self.passes("/api/%41%C3%A9", as: "/%41%C3%A9"), Self.passes("/api/a;b=c,d/e", as: "/a;b=c,d/e"),
            Self.passes("/api/...", as: "/..."), Self.passes("/api/.a/..b", as: "/.a/..b"),
            Self.passes("/api/x?a=%zz&b=%", as: "/x?a=%zz&b=%"),
            Self.passes("/api/~!$&'()*+,;=:@-._", as: "/~!$&'()*+,;=:@-._"),
            Self.passes("/api/\(String(repeating: "a", count: 8000))", as: "/\(String(repeating: "a", count: 8000))"),
            Self.passes("/api/x?http://other/", as: "/x?http://other/"),
            Self.passes("/api/http://x/", as: "/http://x/"),
        ])
    }

    @Test func pathsThatLeadElsewhereDoNotGetThere() async throws {
        let nowhere = [
            "/api/..", "/api/../", "/api/%2e%2e/", "/api/x/../../y", "/apix", "/api.x", "/api;x", "/API/x", "/ap%69/x",
            "//api/x",
            "//127.0.0.1/api/x", "/", "/x/../apis", "/api%2fx", "/api\\x",
        ]
        let traps = [
            "/..", "/../api/x", "/api/../../x", "/%2e%2e/x", "/api/..%2fx", "/api/..%5cx", "/api/..\\x",
            "/api/%2e%2e%2fx",
            "/api/a%2f..%2fb", "/api/..;/x", "/api/..;a=b/x", "/api/%00", "/api/x%00y", "/api/%", "/api/%2", "/api/%zz",
            "/api/%2g/x", "/api/x%", "/api/a%2f%2e%2e",
        ]
        try await expectFates(
            RawRequest.answered(404, nowhere.map { Self.request($0) })
                + RawRequest.answered(400, traps.map { Self.request($0) })
        )
    }

    @Test func targetsWithOctetsThatMustBeEncodedAreRefused() async throws {
        let targets = [
            "/api/a#b", "/api/#", "/api/\u{E9}", "/api/\u{80}", "/api/\u{7F}", "/api/\u{1}", "/api/\0", "/api/a\rb",
            "/api/x?\u{FF}", "#", "",
        ]
        try await expectFates(RawRequest.refused(targets.map { Self.request($0) }))
    }

    @Test func urlsAreTakenWhateverHostSays() async throws {
        try await expectFates([
            Self.passes("http://api.test/x", as: "/x"), Self.passes("HTTP://API.TEST/x", as: "/x"),
            Self.passes("https://api.test/x?y", as: "/x?y"),
            Self.passes("ws://api.test/x", as: "/x"), Self.passes("WSS://api.test:443/x", as: "/x"),
            Self.passes("http://api.test", as: "/"),
            Self.passes("http://api.test?a", as: "/?a"), Self.passes("http://api.test:80/x", as: "/x"),
            Self.passes("http://api.test:/x", as: "/x"), Self.passes("http://api.test./x", as: "/x"),
            Self.passes("http://api.test/a/../x", as: "/x"), Self.passes("http://api.test//x", as: "//x"),
            Self.passes("http://api.test/x", as: "/x", "DELETE"), Self.passes("http://api.test/x", as: "/x", "OPTIONS"),
            Self.passes("http://api.test", as: "*", "OPTIONS"), Self.passes("http://api.test/", as: "/", "OPTIONS"),
            .passes(Self.request("http://api.test/x", fields: "Host: api.test\r\n"), as: "GET /x HTTP/1.1\r\n"),
            .passes(Self.request("http://api.test/x", fields: "Host:\r\n"), as: "GET /x HTTP/1.1\r\n"),
        ])
    }

    @Test func otherTargetsAreRefused() async throws {
        let bad = [
            "http://user@api.test/x", "http://user:secret@api.test/x", "http://@api.test/", "http:///x", "http://",
            "http:/x",
            "http:x", "http://api.test:x/", "http://api.test:99999/", "http://api.test:-80/", "http://api.test:80:80/",
            "http://a b/", "http://[::1/x", "http://[zz]/x", "http://api.test\\x", "http://api.test,other/",
            "ftp://api.test/x",
            "file:///etc/passwd", "javascript:x", "api.test", "api.test:80", "x", "*", "../api/x", "?a", "&",
            "http//api.test/",
        ]
        let denied = [
            "http://other.test/x", "http://api.test:81/x", "http://127.0.0.1:1/", "http://[::1]/x",
            "http://api.test.evil/",
        ]
        try await expectFates(
            RawRequest.answered(400, bad.filter { !$0.contains(" ") }.map { Self.request($0) })
                + RawRequest.answered(403, denied.map { Self.request($0) })
                + RawRequest.refused(bad.filter { $0.contains(" ") }.map { Self.request($0) })
                + RawRequest.answered(400, [Self.request("*", "POST"), Self.request("api.test:80", "POST")])
                + RawRequest.answered(400, [Self.request("http://api.test/../x"), Self.request("http://api.test/%00")])
        )
    }

    @Test func whoeverAsksForTheServerOrForTheWayIsAnswered() async throws {
        let none = "Host: x\r\nMax-Forwards: 0\r\n"
        try await expectFates(
            RawRequest.answered(204, [Self.request("*", "OPTIONS"), Self.request("/api/x", "OPTIONS", fields: none)])
                + RawRequest.answered(
                    405,
                    [Self.request("/api/x", "TRACE"), Self.request("/api/x", "TRACE", fields: none)]
                )
                + [
                    .passes(
                        Self.request("/api/x", "OPTIONS", fields: "Host: x\r\nMax-Forwards: 7\r\n"),
                        as: "OPTIONS /x HTTP/1.1\r\nMax-Forwards: 6\r\n"
                    ),
                    .passes(
                        Self.request("/api/x", "OPTIONS", fields: "Host: x\r\nMax-Forwards: 99999999999999999999\r\n"),
                        as: "OPTIONS /x HTTP/1.1\r\nMax-Forwards: 4294967294\r\n"
                    ),
                    .passes(
                        Self.request("/api/x", "OPTIONS", fields: "Host: x\r\nMax-Forwards: +0\r\n"),
                        as: "OPTIONS /x HTTP/1.1\r\nMax-Forwards: +0\r\n"
                    ),
                    // Of other methods it is nobody's business, and what is no number neither.
                    .passes(Self.request("/api/x", fields: none), as: "GET /x HTTP/1.1\r\nMax-Forwards: 0\r\n"),
                    .passes(
                        Self.request("/api/x", "OPTIONS", fields: "Host: x\r\nMax-Forwards: x\r\n"),
                        as: "OPTIONS /x HTTP/1.1\r\nMax-Forwards: x\r\n"
                    ),
                ]
        )
    }

    @Test func hostIsOneHost() async throws {
        let good = [
            "x", "X.example", "x:80", "x:", "x:0", "127.0.0.1:8080", "[::1]", "[::1]:80", "a-b_c.example", "x.", "",
        ]
        let bad = [
            "a b", "a/b", "a\\b", "a,b", "a, b", "u@h", "http://x", "x:y", "x:80:80", "x:99999", "x:-1", "x: 80",
            "[::1", "::1", "[x]",
            "a\"b", "<x>", "a?b", "a#b", "x\0", "\u{E9}", "a|b", "a^b", "{x}", ":80",
        ]
        try await expectFates(
            good.map { .passes(Self.request("/api/x", fields: "Host: \($0)\r\n"), as: "GET /x HTTP/1.1\r\n") }
                + RawRequest.refused(bad.map { Self.request("/api/x", fields: "Host: \($0)\r\n") })
                + RawRequest.refused([
                    Self.request("/api/x", fields: ""), Self.request("http://api.test/x", fields: ""),
                    Self.request("/api/x", fields: "Host: x\r\nHost: x\r\n"),
                    Self.request("/api/x", fields: "Host: x\r\nhost: y\r\n"),
                    Self.request("/api/x", fields: "Host:\r\nHost: x\r\n"),
                    Self.request("/api/x", fields: "Host : x\r\n"),
                    "GET /api/x HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
                ])
        )
    }
}
