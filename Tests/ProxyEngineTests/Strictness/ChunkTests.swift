// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import TestSupport
import Testing

/// RFC 9112, 7.1.
@Suite(.serialized) struct ChunkTests {
    private static let head = "POST /api/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    private static func passes(_ content: String, as body: String, trailers: HeaderFields = [:]) -> RawRequest {
        .passes(Self.head + content, as: "POST /x HTTP/1.1\r\n", .chunked(body, trailers: trailers))
    }

    @Test func chunksAreReadAndWrittenAnew() async throws {
        let zeros = String(repeating: "0", count: 100)
        try await expectFates([
            Self.passes("0\r\n\r\n", as: ""), Self.passes("5\r\nhello\r\n0\r\n\r\n", as: "hello"),
            Self.passes("A\r\n0123456789\r\n0\r\n\r\n", as: "0123456789"),
            Self.passes("a\r\n0123456789\r\n0\r\n\r\n", as: "0123456789"),
            Self.passes("1\r\na\r\n1\r\nb\r\n000\r\n\r\n", as: "ab"),
            Self.passes("\(zeros)5\r\nhello\r\n\(zeros)\r\n\r\n", as: "hello"),
            Self.passes("5;a\r\nhello\r\n0\r\n\r\n", as: "hello"),
            Self.passes("5;a=b;c=\"d; e\"\r\nhello\r\n0;x\r\n\r\n", as: "hello"),
            Self.passes("5 ;a = b\r\nhello\r\n0\t;x\r\n\r\n", as: "hello"),
            Self.passes("5\r\n0\r\n\r\n\r\n0\r\n\r\n", as: "0\r\n\r\n"),
            Self.passes("0\r\nA: b\r\nC: d\r\n\r\n", as: "", trailers: ["A": "b", "C": "d"]),
            Self.passes(
                "0\r\nContent-Length: 5\r\nTransfer-Encoding: x\r\nHost: y\r\nTrailer: z\r\nA: b\r\nContent_Length: 9\r\n"
                    + "Authorization: c\r\nCookie: d\r\nVia: e\r\nConnection: close\r\nX-Forwarded-For: f\r\n\r\n",
                as: "",
                trailers: ["A": "b"]
            ),
        ])
    }

    @Test func aSizeThatIsNoneIsRefused() async throws {
        let sizes = [
            "", " ", "g", "-5", "+5", "-0", "0x5", "0X5", " 5", "\t5", "5 ", "5\t", "5 5", "5g", "5,", "5.", "5h",
            "\"5\"",
            "5\0", "\u{660}5", "5\u{B}", "5\r", "5\r;a", "5\n;a", ";a", ";", "5=a", "5:a", "5;a\0b", "5;a\u{1}",
            "5;a\u{7F}",
            "5;a\rb", "5;a\nb", "FFFFFFFFFFFFFFFF", "10000000000000005", "FFFFFFFFFFFFFFFB", "7FFFFFFFFFFFFFFF",
            "100000000000000000000000000000005", "5;\(String(repeating: "a", count: 300))",
            String(repeating: "0", count: 300),
        ]
        try await expectFates(RawRequest.refused(sizes.map { Self.head + "\($0)\r\nhello\r\n0\r\n\r\n" }))
    }

    /// What has come is looked at before anybody is disturbed by its beginning.
    @Test func whatIsMalformedFurtherOnReachesNobodyEither() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { (proxy) async throws in
            for rest in ["5\r\nhello\r\nXX\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello\r\n0\r\nA : b\r\n\r\n"] {
                let client = try await proxy.client()
                try await client.send(Self.head.replacing("/x", with: "/") + rest)
                let response = try await client.response(to: "POST")
                #expect(response.status == 400)
                #expect(response.fields["connection"] == "close")
                #expect(try await client.end() == .finished)
            }
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func aChunkThatDoesNotEndWithItsSizeIsRefused() async throws {
        let contents = [
            "5\r\nhello0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n",
            "5\r\nhello\r0\r\n\r\n", "5\r\nhello\n\r0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\n\r\n",
            "5\r\nhello\r\n\r\n0\r\n\r\n", "5\r\nhello\r\n 0\r\n\r\n",
        ]
        try await expectFates(RawRequest.refused(contents.map { Self.head + $0 }))
    }

    @Test func trailersThatAreNoneAreRefused() async throws {
        let trailers = [
            "A : b\r\n", " A: b\r\n", ": b\r\n", "A\r\n", "A: b\0\r\n", "A: b\r\n c\r\n", "A: b\n", "A: b\rC: d\r\n",
            String(repeating: "A: b\r\n", count: 65), "A: \(String(repeating: "v", count: 10_000))\r\n",
        ]
        try await expectFates(
            RawRequest.refused(trailers.prefix(8).map { Self.head + "0\r\n\($0)\r\n" })
                + RawRequest.refused(431, trailers.suffix(2).map { Self.head + "0\r\n\($0)\r\n" })
        )
    }

    @Test func extensionsOfAllChunksTogetherAreBounded() async throws {
        let chunk = "1;\(String(repeating: "e", count: 200))\r\nx\r\n"
        let large = "FFF;\(String(repeating: "e", count: 200))\r\n\(String(repeating: "x", count: 4095))\r\n"
        try await expectFates(
            RawRequest.refused([Self.head + String(repeating: chunk, count: 100) + "0\r\n\r\n"]) + [
                Self.passes(String(repeating: chunk, count: 50) + "0\r\n\r\n", as: String(repeating: "x", count: 50)),
                Self.passes(
                    String(repeating: large, count: 200) + "0\r\n\r\n",
                    as: String(repeating: "x", count: 200 * 4095)
                ),
            ]
        )
    }
}
