// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import TestSupport
import Testing

/// RFC 9112, 5, RFC 9110, 5.5 and 7.6.1.
@Suite(.serialized) struct FieldTests {
    private static func request(_ fields: String) -> String { "GET /api/x HTTP/1.1\r\nHost: x\r\n\(fields)\r\n" }

    private static func passes(_ fields: String, as forwarded: String) -> RawRequest {
        .passes(Self.request(fields), as: "GET /x HTTP/1.1\r\n" + forwarded)
    }

    @Test func fieldsArePassedOnInOneSpelling() async throws {
        try await expectFates([
            Self.passes("A: b\r\n", as: "A: b\r\n"), Self.passes("A:b\r\n", as: "A: b\r\n"),
            Self.passes("A:  \t b\t \r\n", as: "A: b\r\n"), Self.passes("A:\r\n", as: "A: \r\n"),
            Self.passes("A: \t\r\n", as: "A: \r\n"), Self.passes("a: 1\r\nA: 2\r\n", as: "a: 1\r\nA: 2\r\n"),
            Self.passes("A: b c\td\r\n", as: "A: b c\td\r\n"),
            Self.passes("A: \"x, y\"; z\r\n", as: "A: \"x, y\"; z\r\n"),
            Self.passes("A: a:b::c\r\n", as: "A: a:b::c\r\n"), Self.passes("A::b\r\n", as: "A: :b\r\n"),
            Self.passes("!#$%&'*+-.^_`|~09aZ: b\r\n", as: "!#$%&'*+-.^_`|~09aZ: b\r\n"),
            Self.passes("X_Y: b\r\n", as: "X_Y: b\r\n"),
            Self.passes(
                "\(String(repeating: "N", count: 2000)): b\r\n",
                as: "\(String(repeating: "N", count: 2000)): b\r\n"
            ),
            Self.passes(
                "A: \(String(repeating: "v", count: 20_000))\r\n",
                as: "A: \(String(repeating: "v", count: 20_000))\r\n"
            ),
            Self.passes(String(repeating: "A: b\r\n", count: 99), as: String(repeating: "A: b\r\n", count: 99)),
        ])
    }

    @Test func octetsBeyondASCIIPass() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/", ["A": "\u{E9}\u{1F335}"])
            #expect(try await client.response().status == 200)
            #expect(upstream.requests.map { $0.fields["a"] } == ["\u{E9}\u{1F335}"])
        }
    }

    @Test func whatIsNoFieldIsRefused() async throws {
        let fields = [
            "A : b", "A\t: b", "A b: c", " A: b", "\tA: b", ": b", ":", "A", "A b", "=", "A\0: b", "A\u{1}: b",
            "A\u{7F}: b", "A\u{E9}: b", "A(b): c", "A,b: c", "A;b: c", "A/b: c", "A[b]: c", "A{b}: c", "A=b: c",
            "A@b: c", "A\"b: c", "A\\b: c", "A?b: c", "<A>: b",
            "A: b\0", "A: \0b", "A: b\u{1}c", "A: b\u{8}c", "A: b\u{B}c", "A: b\u{C}c", "A: b\u{1B}c", "A: b\u{7F}c",
            "A: b\rC: d", "A: b\r", "A:\rb", "\rA: b",
            // Folded lines (RFC 9112, 5.2).
            "A: b\r\n c", "A: b\r\n\tc", "A:\r\n b", "A: b\r\n ", "A: b\r\n \r\n c: d", "Content-Length: 1\r\n 0",
            "Transfer-Encoding:\r\n chunked", "Transfer-Encoding: chunked\r\n , identity",
        ]
        try await expectFates(RawRequest.refused(fields.map { Self.request($0 + "\r\n") }))
        try await expectFates(
            RawRequest.refused([" x", "\tHost: x", " \r\n"].map { "GET /api/ HTTP/1.1\r\n\($0)\r\nHost: x\r\n\r\n" })
        )
    }

    @Test func whatIsTooMuchIsRefused() async throws {
        try await expectFates(
            RawRequest.refused(
                431,
                [
                    Self.request(String(repeating: "A: b\r\n", count: 100)),
                    Self.request(String(repeating: "A: b\r\n", count: 10_000)),
                    Self.request("A: \(String(repeating: "v", count: 40_000))\r\n"),
                    Self.request("\(String(repeating: "N", count: 40_000)): b\r\n"),
                    Self.request("\(String(repeating: "N", count: 300_000)): b\r\n"),
                ]
            )
        )
    }

    @Test func fieldsOfTheConnectionStayHere() async throws {
        try await expectFates([
            Self.passes("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nA: b\r\n", as: "A: b\r\n"),
            Self.passes("Proxy-Connection: keep-alive\r\nProxy-Authorization: Basic eDp5\r\n", as: ""),
            Self.passes("TE: trailers\r\nConnection: TE\r\n", as: ""),
            Self.passes("TE: gzip;q=0.5, trailers\r\n", as: ""),
            Self.passes("Connection: A\r\nA: b\r\nC: d\r\n", as: "C: d\r\n"),
            Self.passes("Connection: a ,, c\r\nA: b\r\nC: d\r\nE: f\r\n", as: "E: f\r\n"),
            Self.passes("Connection: a\r\nConnection: c\r\nA: b\r\nC: d\r\n", as: ""),
            Self.passes("Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nConnection: Upgrade, HTTP2-Settings\r\n", as: ""),
            Self.passes("Upgrade: h2c\r\n", as: ""),
            Self.passes("Upgrade: TLS/1.0, h2c\r\nConnection: upgrade\r\n", as: ""),
            Self.passes("HTTP2-Settings: AAMAAABk\r\n", as: ""),
            // Nobody names these away.
            Self.passes("Connection: host, via, authorization\r\nAuthorization: x\r\n", as: "Authorization: x\r\n"),
            .passes(
                "POST /api/x HTTP/1.1\r\nHost: x\r\nConnection: content-length\r\nContent-Length: 2\r\n\r\nhi",
                as: "POST /x HTTP/1.1\r\n",
                .length("hi")
            ),
            .passes(
                "POST /api/x HTTP/1.1\r\nHost: x\r\nConnection: transfer-encoding\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "2\r\nhi\r\n0\r\n\r\n",
                as: "POST /x HTTP/1.1\r\n",
                .chunked("hi")
            ),
        ])
    }

    @Test func lookalikesOfFramingStayHere() async throws {
        try await expectFates([
            Self.passes("Content_Length: 5\r\n", as: ""), Self.passes("content_length: 0\r\nA: b\r\n", as: "A: b\r\n"),
            Self.passes("Transfer_Encoding: chunked\r\n", as: ""),
            Self.passes("TRANSFER_ENCODING: chunked\r\n", as: ""),
            Self.passes("X_Forwarded_For: 1.2.3.4\r\nX-Forwarded_Host: y\r\n", as: ""),
            .passes(
                "POST /api/x HTTP/1.1\r\nHost: x\r\nContent_Length: 5\r\nContent-Length: 2\r\n\r\nhi",
                as: "POST /x HTTP/1.1\r\n",
                .length("hi")
            ),
        ])
    }

    @Test func expectationsEndHere() async throws {
        let post = "POST /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        try await expectFates(
            ["100-continue", "100-Continue", "x, 100-continue", "something-else", ""].map {
                .passes(post + "Expect: \($0)\r\n\r\nhi", as: "POST /x HTTP/1.1\r\n", .length("hi"))
            }
        )
    }
}
