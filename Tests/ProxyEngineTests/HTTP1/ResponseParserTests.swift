// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@testable import ProxyEngine

@Suite struct ResponseParserTests {
    @Test func aResponseIsRead() throws {
        let reading = readResponses("HTTP/1.1 404 Not so found\r\nServer: s\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n")
        let head = try #require(reading.items.first)
        #expect(head.status == 404)
        #expect(head.reason == "Not so found")
        #expect(head.fields.values(of: "set-cookie") == ["a", "b"])
    }

    @Test(
        arguments: [
            "HTTP/1.1 200\r\n\r\n", "HTTP/1.1 200 \r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
            "HTTP/1.1 599 \u{E9}\tx\r\n\r\n",
            "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 200 OK\r\nA:\r\n\r\n",
        ]
    )
    func whatTheStandardAllowsIsTaken(_ text: String) {
        let reading = readResponses(text)
        #expect(reading.error == nil && reading.items.count == 1 && reading.rest == 0)
    }

    @Test(
        arguments: [
            "hello\r\n\r\n", "<html>", "\0", "HTTQ", "HTTP/1.1200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n",
            "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 099 OK\r\n\r\n", "HTTP/1.1 600 OK\r\n\r\n",
            "HTTP/1.1 +20 OK\r\n\r\n", "HTTP/1.1 -20 OK\r\n\r\n", "HTTP/1.1 2 0 OK\r\n\r\n", "HTTP/1.1 200OK\r\n\r\n",
            "HTTP/1.1  200 OK\r\n\r\n", "HTTP/1.1 200 O\0K\r\n\r\n", "HTTP/1.1 200 O\rK\r\n\r\n", "HTTP/1.1\r\n\r\n",
            "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nA: b\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n",
            "HTTP/x.1 200 OK\r\n\r\n", "\r\nHTTP/1.1 200 OK\r\n\r\n", "http/1.1 200 OK\r\n\r\n",
        ]
    )
    func whatIsNoResponseIsRefused(_ text: String) {
        let reading = readResponses(text)
        #expect(reading.items.isEmpty)
        #expect(reading.error != nil)
    }

    @Test func garbageIsToldByItsFirstOctets() {
        #expect(readResponses("G").error != nil)
        #expect(readResponses("HTTP").error == nil)
    }

    @Test func anEndlessHeadIsRefused() {
        let line = "HTTP/1.1 200 " + String(repeating: "a", count: 20 << 10)
        #expect(readResponses(line).error == .targetTooLong)
        var parser = ResponseParser()
        let many = Array(("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 300)).utf8)
        #expect(
            feed(many, pieces: []) { (buffer) throws(HTTP1Error) in try parser.next(in: &buffer) }.error
                == .headTooLarge
        )
    }
}
