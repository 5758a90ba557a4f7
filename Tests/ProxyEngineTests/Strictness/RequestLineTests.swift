// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// RFC 9112, 2.2, 2.3 and 3.
@Suite(.serialized) struct RequestLineTests {
    @Test func whatIsOneIsPassedOn() async throws {
        try await expectFates([
            .passes("GET /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            .passes("\r\nGET /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            .passes("\r\n\r\n\r\nGET /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            // Versions to come are read as the last that is known (RFC 9110, 2.5).
            .passes("GET /api/x HTTP/1.2\r\nHost: x\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            .passes("GET /api/x HTTP/1.9\r\nHost: x\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            .passes("GET /api/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            .passes("GET /api/x HTTP/1.0\r\nConnection: keep-alive\r\nHost: x\r\n\r\n", as: "GET /x HTTP/1.1\r\n"),
            // Methods are tokens, and case-sensitive.
            .passes("get /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "get /x HTTP/1.1\r\n"),
            .passes("DELETE /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "DELETE /x HTTP/1.1\r\n"),
            .passes("OPTIONS /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "OPTIONS /x HTTP/1.1\r\n"),
            .passes("PROPFIND /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "PROPFIND /x HTTP/1.1\r\n"),
            .passes("M-SEARCH /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "M-SEARCH /x HTTP/1.1\r\n"),
            .passes("!#$%&'*+-.^_`|~ /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "!#$%&'*+-.^_`|~ /x HTTP/1.1\r\n"),
            .passes("\(thirtyTwo) /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "\(thirtyTwo) /x HTTP/1.1\r\n"),
            // Content is not expected with these, but allowed.
            .passes(
                "GET /api/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
                as: "GET /x HTTP/1.1\r\n",
                .length("hi")
            ),
            .passes("POST /api/x HTTP/1.1\r\nHost: x\r\n\r\n", as: "POST /x HTTP/1.1\r\n", .length("")),
        ])
    }

    private let thirtyTwo = String(repeating: "A", count: 32)

    @Test func whatIsNoneIsRefused() async throws {
        let host = "\r\nHost: x\r\n\r\n"
        let lines = [
            "GET  /api/ HTTP/1.1", "GET /api/  HTTP/1.1", "GET /api/ HTTP/1.1 ", " GET /api/ HTTP/1.1",
            "GET\t/api/ HTTP/1.1", "GET /api/\tHTTP/1.1", "GET /api/ HTTP/1.1\t", "\tGET /api/ HTTP/1.1",
            "GET /api/\u{B}HTTP/1.1", "GET /api/\u{C}HTTP/1.1", "GET\u{A0}/api/ HTTP/1.1", "GET /api/\rHTTP/1.1",
            "GET /a b HTTP/1.1", "GET /api/", "GET", "GET HTTP/1.1", "/api/ HTTP/1.1", "GET /api/ ", "",
            "GE T /api/ HTTP/1.1", "GET a b /api/ HTTP/1.1", "FOO bar baz HTTP/1.1",
            "GET /api/ HTTP/1.1 HTTP/1.1", "GET /api/ http/1.1", "GET /api/ Http/1.1", "GET /api/ HTTP/1",
            "GET /api/ HTTP/1.", "GET /api/ HTTP/.1", "GET /api/ HTTP/1.1.1", "GET /api/ HTTP/1.10",
            "GET /api/ HTTP/01.1", "GET /api/ HTTP/1.01", "GET /api/ HTTP/11", "GET /api/ HTTP/1,1",
            "GET /api/ HTTP 1.1", "GET /api/ HTTP/ 1.1", "GET /api/ HTTP/x.y", "GET /api/ HTTP/-1.1",
            "GET /api/ HTTP/+1.1", "GET /api/ HTTPS/1.1", "GET /api/ ICY/1.1", "GET /api/ HTTP/1.1\0",
            "G\0ET /api/ HTTP/1.1", "GET\0 /api/ HTTP/1.1", "G<ET /api/ HTTP/1.1", "GE(T /api/ HTTP/1.1",
            "GET: /api/ HTTP/1.1", "\"GET\" /api/ HTTP/1.1", "G\u{C9}T /api/ HTTP/1.1", "\u{FEFF}GET /api/ HTTP/1.1",
            "GET@ /api/ HTTP/1.1", "GET, /api/ HTTP/1.1", "GET /api/ HTTP/1.1\rX: y",
        ]
        try await expectFates(RawRequest.refused(lines.filter { !$0.isEmpty }.map { $0 + host }))
    }

    @Test func whatIsNotSpokenHereIsRefused() async throws {
        let host = "\r\nHost: x\r\n\r\n"
        let versions = ["0.9", "0.0", "2.0", "3.0", "9.9", "2.1"].map { "GET /api/ HTTP/\($0)" + host }
        try await expectFates(
            RawRequest.refused(505, versions)
                + RawRequest.refused(501, ["\(self.thirtyTwo)A /api/ HTTP/1.1" + host])
                + RawRequest.refused(414, ["GET /api/\(String(repeating: "a", count: 8192)) HTTP/1.1" + host])
                + RawRequest.refused(414, ["GET /api/\(String(repeating: "a", count: 200_000)) HTTP/1.1" + host])
                + RawRequest.refused(414, [String(repeating: "A", count: 50_000)])
        )
    }

    @Test func linesThatEndOtherwiseAreRefused() async throws {
        try await expectFates(
            RawRequest.refused([
                "GET /api/ HTTP/1.1\nHost: x\n\n", "GET /api/ HTTP/1.1\nHost: x\r\n\r\n",
                "GET /api/ HTTP/1.1\r\nHost: x\n\r\n", "GET /api/ HTTP/1.1\r\nHost: x\r\n\n",
                "GET /api/ HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", "GET /api/\n", "GET /api/\r\n\r\n", "\nGET",
                "GET /api/ HTTP/1.1\rHost: x\r\r", "GET /api/ HTTP/1.1\r\nHost: x\r\rA: b\r\n\r\n",
                "GET /api/ HTTP/1.1\r\r\nHost: x\r\n\r\n", "GET /api/ HTTP/1.1\r\nHost: x\r\r\n\r\n",
                "GET /api/ HTTP/1.1\n\rHost: x\n\r\n\r", "\rGET /api/ HTTP/1.1\r\nHost: x\r\n\r\n", "\r\r\n", "\n\n",
                String(repeating: "\r\n", count: 9),
            ])
        )
    }

    @Test func otherProtocolsAreRefusedByTheirFirstOctets() async throws {
        try await expectFates(
            RawRequest.refused([
                "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{FC}\u{3}\u{3}", "\0", "\u{5}\u{1}\0", "\u{4}\u{1}",
                "\u{80}\u{2E}",
                "SSH-2.0-OpenSSH_9.2\r\n", "{\"a\": 1}\r\n", "<html>\r\n\r\n", ":authority: x\r\n\r\n",
                "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n", "HELO x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
            ])
        )
    }
}
