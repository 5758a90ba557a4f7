// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// RFC 9112, 6: where a request ends nobody may see otherwise than the next in the chain.
@Suite(.serialized) struct RequestFramingTests {
    private static func post(_ fields: String, _ content: String, version: String = "1.1") -> String {
        "POST /api/x HTTP/\(version)\r\nHost: x\r\n\(fields)\r\n\r\n\(content)"
    }

    private static func passes(_ fields: String, _ content: String, as body: RawRequest.Content) -> RawRequest {
        .passes(Self.post(fields, content), as: "POST /x HTTP/1.1\r\n", body)
    }

    @Test func oneLengthIsTaken() async throws {
        try await expectFates([
            Self.passes("Content-Length: 5", "hello", as: .length("hello")),
            Self.passes("content-LENGTH:5", "hello", as: .length("hello")),
            Self.passes("Content-Length: \t5 \t", "hello", as: .length("hello")),
            Self.passes("Content-Length: 0", "", as: .length("")),
            Self.passes("Content-Length: 0000000000000000000000000000000005", "hello", as: .length("hello")),
            Self.passes(
                "Content-Length: 26",
                "GET /api/ HTTP/1.1\r\nA: b\r\n",
                as: .length("GET /api/ HTTP/1.1\r\nA: b\r\n")
            ),
        ])
    }

    @Test func aLengthThatIsNoneIsRefused() async throws {
        let lengths = [
            "", "+5", "-5", "-0", "0x5", "5h", "5.0", "5e0", "5 5", "5\t5", "5;", "5,5", "5, 5", "5,6", ",5", "5,",
            "five",
            "\"5\"", "'5'", "5\0", "\u{B}5", "5\u{A0}", "\u{B2}", "18446744073709551621", "99999999999999999999",
            "9223372036854775808", "1152921504606846976", "NaN", "Infinity", "(5)", "5 (comment)", "5=5", "%35",
        ]
        try await expectFates(RawRequest.refused(lengths.map { Self.post("Content-Length: \($0)", "hello") }))
    }

    @Test func twoLengthsAreRefused() async throws {
        try await expectFates(
            RawRequest.refused([
                Self.post("Content-Length: 5\r\nContent-Length: 5", "hello"),
                Self.post("Content-Length: 5\r\nContent-Length: 6", "hello"),
                Self.post("Content-Length: 5\r\nA: b\r\ncontent-length: 05", "hello"),
                Self.post("Content-Length: 0\r\nContent-Length: 5", "hello"),
                Self.post("Content-Length: 5\r\nContent-Length:", "hello"),
            ])
        )
    }

    @Test func lengthWithTransferEncodingIsRefused() async throws {
        let chunked = "5\r\nhello\r\n0\r\n\r\n"
        try await expectFates(
            RawRequest.refused([
                Self.post("Content-Length: 5\r\nTransfer-Encoding: chunked", chunked),
                Self.post("Transfer-Encoding: chunked\r\nContent-Length: 5", chunked),
                Self.post("Transfer-Encoding: chunked\r\nContent-Length: 0", chunked),
                Self.post("Transfer-Encoding: chunked\r\nContent-Length: \(chunked.utf8.count)", chunked),
                Self.post("Transfer-Encoding: identity\r\nContent-Length: 5", "hello"),
                Self.post("Transfer-Encoding:\r\nContent-Length: 5", "hello"),
                Self.post("Transfer-Encoding: gzip, chunked\r\nContent-Length: 5", "hello"),
            ])
        )
    }

    @Test func aCodingThatIsNotOneFinalChunkedIsRefused() async throws {
        let codings = [
            "", ",", "chunked,", ",chunked", "chunked, chunked", "chunked, identity", "chunked, gzip", "gzip",
            "identity",
            "xchunked", "chunkedx", "chunk", "chunked;q=1", "chunked; a=b", "\"chunked\"", "'chunked'",
            "chunked chunked",
            "chunked\0", "\u{B}chunked", "chunked\u{B}", "chun\u{E9}ked", "gzip chunked", "chunked gzip",
            "chunked, gzip, chunked", "gzip;chunked",
        ]
        try await expectFates(
            RawRequest.refused(codings.map { Self.post("Transfer-Encoding: \($0)", "5\r\nhello\r\n0\r\n\r\n") })
        )
        try await expectFates(
            RawRequest.refused([
                Self.post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
                Self.post("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip", "0\r\n\r\n"),
                Self.post("Transfer-Encoding: chunked\r\nTransfer-Encoding:", "0\r\n\r\n"),
                Self.post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", "0\r\n\r\n"),
                Self.post("Transfer-Encoding: chunked", "0\r\n\r\n", version: "1.0"),
                Self.post("Transfer-Encoding: chunked\r\nConnection: keep-alive", "0\r\n\r\n", version: "1.0"),
                Self.post("Transfer-Encoding : chunked", "0\r\n\r\n"),
                Self.post("Transfer-Encoding: chunked\r\nContent-Length : 5", "0\r\n\r\n"),
            ])
        )
    }

    @Test func codingsThatAreNotKnownHereAreRefusedAsSuch() async throws {
        try await expectFates(
            RawRequest.refused(
                501,
                [
                    Self.post("Transfer-Encoding: gzip, chunked", "0\r\n\r\n"),
                    Self.post("Transfer-Encoding: deflate , chunked", "0\r\n\r\n"),
                    Self.post("Transfer-Encoding: identity, chunked", "0\r\n\r\n"),
                    Self.post("Transfer-Encoding: x-new;a=b, Chunked", "0\r\n\r\n"),
                    Self.post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
                ]
            )
        )
    }
}
