// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// RFC 9112, 4 to 7: what an upstream sends is read as strictly as what clients send.
@Suite(.serialized) struct ResponseTests {
    /// Sends each answer with another one right behind it, which must never reach anybody.
    private func check(
        _ answers: [String],
        to method: String = "GET",
        _ judge: (_ answer: String, _ response: TestResponse, _ proxy: TestProxy) throws -> Void
    ) async throws {
        let injected = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\ninjected"
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1000
        } _: { (proxy) async throws in
            for answer in answers {
                upstream.script(.raw(answer + injected))
                let client = try await proxy.client()
                let response: TestResponse
                do {
                    response = try await client.exchange(method, "/api/", upTo: .seconds(10))
                } catch {
                    Issue.record("\(answer.debugDescription): \(error)")
                    continue
                }
                try judge(answer, response, proxy)
                #expect(response.text != "injected", "\(answer.debugDescription)")
                let next = try await proxy.exchange("GET", "/api/next")
                #expect(next.text == "hello", "\(answer.debugDescription)")
                await client.close()
            }
        }
    }

    private func expectRefused(_ answers: [String]) async throws {
        try await self.check(answers) { (answer, response, proxy) throws in
            #expect(response.status == 502, "\(answer.debugDescription)")
            #expect(
                response.fields["proxy-status"]?.contains("error=http_protocol_error; details=\"") == true,
                "\(answer.debugDescription): \(response.rawHead)"
            )
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .protocol, "\(answer.debugDescription)")
        }
    }

    private static func answer(_ fields: String, _ content: String = "") -> String {
        "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n\(content)"
    }

    @Test func aStatusLineThatIsNoneIsRefused() async throws {
        let lines = [
            "", " ", "200 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000 OK", "HTTP/1.1 200OK",
            "HTTP/1.1  200 OK",
            "HTTP/1.1\t200 OK", "HTTP/1.1 200\tOK", " HTTP/1.1 200 OK", "http/1.1 200 OK", "HTTP/1.1 099 x",
            "HTTP/1.1 600 x",
            "HTTP/1.1 999 x", "HTTP/1.1 -20 x", "HTTP/1.1 +20 x", "HTTP/1.1 0x1 x", "HTTP/1.1 2e2 x", "HTTP/1.1 2OO OK",
            "HTTP/1.1 OK",
            "HTTP/0.9 200 OK", "HTTP/2.0 200 OK", "HTTP/3.0 200 OK", "HTTP/1 200 OK", "HTTP/1.10 200 OK",
            "HTTP/11 200 OK",
            "HTTP/1.1 200 O\0K", "HTTP/1.1 200 O\u{1}K", "HTTP/1.1 200 O\rK", "HTTP/1.1 200 O\u{7F}K", "ICY 200 OK",
            "hello",
            "GET / HTTP/1.1", "220 smtp ESMTP",
        ]
        try await self.expectRefused(lines.map { $0 + "\r\nContent-Length: 0\r\n\r\n" })
    }

    @Test func aFieldThatIsNoneIsRefused() async throws {
        let fields = [
            "A : b", "A b: c", " A: b", "\tA: b", ": b", "A", "A\0: b", "A(b): c", "A: b\0", "A: b\u{1}", "A: b\u{7F}",
            "A: b\rC: d",
            "A: b\r\n c", "A: b\r\n\tc", "A: b\r", "Set-Cookie: a\rSet-Cookie: b", "Location: /\rA: b",
            "Location: /\nA: b",
            "A: b\nC: d", "A: b\n\r\n", "\u{E9}: b", String(repeating: "A: b\r\n", count: 300) + "A: b",
            "A: \(String(repeating: "v", count: 140_000))",
        ]
        try await self.expectRefused(fields.map { Self.answer("Content-Length: 0\r\n" + $0) })
        try await self.expectRefused([
            "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\n\r\n",
        ])
    }

    @Test func framingThatCanBeReadInTwoWaysIsRefused() async throws {
        let lengths = [
            "", "+5", "-5", "0x5", "5.0", "5 5", "5, 6", "5,5", "5;", "x", "99999999999999999999",
            "18446744073709551621",
        ]
        let codings = [
            "", "gzip", "identity", "xchunked", "chunked, gzip", "gzip, chunked", "chunked, chunked", "chunked;a=b",
            ",chunked",
        ]
        try await self.expectRefused(
            lengths.map { Self.answer("Content-Length: \($0)", "hello") }
                + codings.map { Self.answer("Transfer-Encoding: \($0)", "0\r\n\r\n") } + [
                    Self.answer("Content-Length: 5\r\nContent-Length: 6", "hello"),
                    Self.answer("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
                    Self.answer("Transfer-Encoding: chunked\r\nContent-Length: 0", "0\r\n\r\n"),
                    Self.answer("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
                    "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                ]
        )
    }

    @Test func lengthsAreLookedAtThoughThereIsNoContent() async throws {
        try await self.check(
            ["x", "5\r\nContent-Length: 6", "-1", "5, 5"].map { Self.answer("Content-Length: \($0)") },
            to: "HEAD"
        ) {
            answer,
            response,
            _ in
            #expect(response.status == 502, "\(answer.debugDescription)")
        }
        try await self.check([Self.answer("Content-Length: 5\r\nContent-Length: 5")], to: "HEAD") { _, response, _ in
            #expect(response.fields.values(of: "content-length") == ["5"])
        }
    }

    @Test func interimResponsesAreFewAndAskedFor() async throws {
        let many = String(repeating: "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", count: 17)
        try await self.expectRefused(
            [
                many + Self.answer("Content-Length: 0"), String(repeating: many, count: 1000),
                String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 1000),
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nA : b\r\n\r\n",
                "HTTP/1.1 102 Processing\nA: b\r\n\r\n",
            ]
        )
    }

    @Test func whatIsHTTPPasses() async throws {
        let good = [
            "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 Fine by me, thanks\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.1 200 \u{E9}\r\nContent-Length: 5\r\n\r\nhello",
            "HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
            Self.answer("content-length:5", "hello"), Self.answer("Content-Length: 5\r\nContent-Length: 5", "hello"),
            Self.answer("Content-Length: 005", "hello"),
            Self.answer("Transfer-Encoding: Chunked", "5\r\nhello\r\n0\r\n\r\n"),
            Self.answer("Transfer-Encoding: chunked", "5 ;a=b\r\nhello\r\n000;c\r\nA: b\r\n\r\n"),
            Self.answer("Content-Length: 5\r\nContent_Length: 6\r\nTransfer_Encoding: chunked", "hello"),
            Self.answer(
                "Content-Length: 5\r\nConnection: content-length, a\r\nA: b\r\nUpgrade: h2c\r\nKeep-Alive: x",
                "hello"
            ),
            "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n" + Self.answer("Content-Length: 5", "hello"),
        ]
        try await self.check(good) { answer, response, _ in
            #expect(
                response.status == 200 && response.text == "hello" && response.isComplete,
                "\(answer.debugDescription)"
            )
            for name in ["a", "upgrade", "keep-alive", "content_length", "transfer_encoding"] {
                #expect(!response.fields.contains(name), "\(answer.debugDescription)")
            }
        }
    }

    @Test func contentBehindAnAnswerWithoutIsNoAnswer() async throws {
        try await self.check([
            "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        ]) {
            answer,
            response,
            _ in
            #expect(response.status == 204, "\(answer.debugDescription)")
        }
        try await self.check([Self.answer("Content-Length: 5", "hello")], to: "HEAD") { _, response, _ in
            #expect(response.status == 200)
        }
    }

    /// Whatever breaks once the head is through is cut off, and never looks whole.
    @Test func contentThatBreaksIsCutOff() async throws {
        let bad = [
            "x\r\nhello", "5\r\nhello, world", "5\nhello", "-5\r\nhello", "FFFFFFFFFFFFFFFFF\r\nhello",
            "5;a\0\r\nhello",
            "0\r\nA : b\r\n\r\n",
        ]
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1000
        } _: { (proxy) async throws in
            for content in bad {
                let head = Self.answer("Transfer-Encoding: chunked", "2\r\nhi\r\n")
                let held = Gate()
                upstream.script(Reply.raw(head).then(.pass(held)).then(.send(.init(string: content))).then(.stall))
                let client = try await proxy.client()
                try await client.send("GET", "/api/")
                #expect(try await client.head().status == 200, "\(content.debugDescription)")
                held.open()
                #expect(try await client.end() == .reset, "\(content.debugDescription)")
                #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .protocol)
            }
        }
    }
}
