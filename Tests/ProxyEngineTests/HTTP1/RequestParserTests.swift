// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Testing

@testable import ProxyEngine

@Suite struct RequestParserTests {
    @Test func aRequestIsReadWithItsFieldsInOrder() throws {
        let reading = readRequests("POST /a/b?c=d HTTP/1.1\r\nHost: x.test\r\nA: 1\r\nb:\t 2 \t\r\nA:3\r\n\r\nrest")
        let head = try #require(reading.items.first)
        #expect(head.method == .post)
        #expect(head.target == "/a/b?c=d")
        #expect(head.version == .http1_1)
        #expect(head.fields == ["Host": "x.test", "A": "1", "b": "2", "A": "3"])
        #expect(reading.rest == 4)
    }

    @Test func pipelinedRequestsAreReadOneByOne() {
        let reading = readRequests(["/1", "/2", "/3"].map { "GET \($0) HTTP/1.1\r\nHost: x\r\n\r\n" }.joined())
        #expect(reading.items.map(\.target) == ["/1", "/2", "/3"])
        #expect(reading.rest == 0)
    }

    @Test func emptyLinesBeforeARequestAreSkipped() {
        #expect(readRequests("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n").items.count == 1)
        #expect(readRequests("GET / HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n").items.count == 2)
    }

    @Test func emptyLinesInPlaceOfRequestsAreRefused() {
        let empty = String(repeating: "\r\n", count: 8)
        let request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        #expect(readRequests(empty + request + empty + request).items.count == 2)
        #expect(readRequests(empty + "\r\n" + request).error == .malformed("empty lines come in place of a request"))
    }

    @Test func anIncompleteHeadWaitsForMore() {
        let head = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
        for length in 0..<head.utf8.count {
            let reading = readRequests(Array(head.utf8.prefix(length)))
            #expect(reading.items.isEmpty && reading.error == nil)
        }
    }

    @Test(
        arguments: [
            // Methods: any token.
            "PURGE / HTTP/1.1\r\nHost: x\r\n\r\n", "m-search / HTTP/1.1\r\nHost: x\r\n\r\n",
            // Targets in every form (RFC 9112, 3.2), with every character that may stand there.
            "GET http://x.test:80/p?q HTTP/1.1\r\nHost: x.test:80\r\n\r\n",
            "CONNECT x.test:443 HTTP/1.1\r\nHost: x.test:443\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /%00%2f/..//;a=b,c!$&'()*+[]|{}\"^`\\ HTTP/1.1\r\nHost: x\r\n\r\n",
            // Versions.
            "GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\r\nHost: x\r\n\r\n",
            // Hosts.
            "GET / HTTP/1.1\r\nHost:\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]:1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a%2Db\r\n\r\n", "GET / HTTP/1.1\r\nHost: x:\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a-b_c.example\r\n\r\n", "GET / HTTP/1.1\r\nhOST: x\r\n\r\n",
            // Values: empty, with tabs, quotes and octets beyond ASCII.
            "GET / HTTP/1.1\r\nHost: x\r\nA:\r\nB: a\tb \"c\" \u{E9}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n!#$%&'*+-.^_`|~9aZ: v\r\n\r\n",
        ]
    )
    func whatTheStandardAllowsIsTaken(_ text: String) {
        let reading = readRequests(text)
        #expect(reading.error == nil)
        #expect(reading.items.count == 1)
        #expect(reading.rest == 0)
    }

    @Test(
        arguments: [
            // Line ends.
            "GET / HTTP/1.1\nHost: x\n\n", "GET / HTTP/1.1\r\nHost: x\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\n", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n",
            "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\rHost: x\r\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\r\n\r\n", "\r\rGET / HTTP/1.1\r\nHost: x\r\n\r\n",
            // Folding and white space around names.
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n",
            "GET / HTTP/1.1\r\n Host: x\r\n\r\n", "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost\t: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n \r\n\r\n",
            // Names that are none.
            "GET / HTTP/1.1\r\nHost: x\r\n: v\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nA(b): c\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA\u{E9}: c\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nA\0: c\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA/b: c\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\"A\": c\r\n\r\n",
            // Control octets in values.
            "GET / HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{1}c\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{7F}\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nA: b\u{B}c\r\n\r\n",
            // Request lines.
            "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", " GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
            "GET /  HTTP/1.1\r\nHost: x\r\n\r\n", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /#f HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\u{E9} HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", "GET /\u{7F} HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET HTTP/1.1\r\nHost: x\r\n\r\n",
            "G(T / HTTP/1.1\r\nHost: x\r\n\r\n", "GET/ HTTP/1.1\r\nHost: x\r\n\r\n", "/ HTTP/1.1\r\nHost: x\r\n\r\n",
            // HTTP/0.9, and versions that are none.
            "GET /\r\n\r\n", "GET / \r\n\r\n", "GET / http/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.\r\nHost: x\r\n\r\n", "GET / HTTP/11\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.10\r\nHost: x\r\n\r\n", "GET / HTTP/01.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/-1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/ 1.1\r\nHost: x\r\n\r\n", "GET / XTTP/1.1\r\nHost: x\r\n\r\n",
            "GET / HTTP/1,1\r\nHost: x\r\n\r\n",
            // Host.
            "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a?b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a#b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\\b\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: \u{E9}\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:+80\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a[b]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [evil]\r\n\r\n", "GET / HTTP/1.1\r\nHost: :80\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x:65536\r\n\r\n", "GET / HTTP/1.1\r\nHost: []\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1]:a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: %\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: %g\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a%zz\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a%2g\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [abc]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [:]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [.]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [:::::]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [1:2]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: [::1.2.3]\r\n\r\n",
            // Another protocol altogether.
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}", "SSH-2.0-OpenSSH_9\r\n\r\n", "{\"json\": true}\r\n\r\n", "\0", "\u{80}",
        ]
    )
    func whatCouldBeUnderstoodInTwoWaysIsRefused(_ text: String) {
        let reading = readRequests(text)
        #expect(reading.items.isEmpty)
        if case .malformed = reading.error { return }
        Issue.record("\(text.debugDescription) gave \(reading)")
    }

    @Test(arguments: ["HTTP/1.1", "HTTP/1.2", "HTTP/1.9"]) func aLaterVersionIsReadAsTheLastOneThatIsKnown(
        _ version: String
    ) {
        #expect(readRequests("GET / \(version)\r\nHost: x\r\n\r\n").items.map(\.version) == [.http1_1])
    }

    @Test(arguments: ["HTTP/0.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"])
    func anotherVersionIsNamedAsSuch(_ version: String) {
        #expect(readRequests("GET / \(version)\r\nHost: x\r\n\r\n").error == .unsupportedVersion)
    }

    @Test func thePrefaceOfHTTP2IsRefused() {
        #expect(readRequests("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").error == .unsupportedVersion)
    }

    @Test func theLimitOfTheLineIsExact() {
        func request(lineOf length: Int) -> String {
            let fixed = "GET / HTTP/1.1".utf8.count
            return "GET /\(String(repeating: "a", count: length - fixed)) HTTP/1.1\r\nHost: x\r\n\r\n"
        }
        #expect(readRequests(request(lineOf: 200)).items.count == 1)
        #expect(readRequests(request(lineOf: 201)).error == .targetTooLong)
        #expect(readRequests("GET /" + String(repeating: "a", count: 5000)).error == .targetTooLong)
    }

    @Test func theLimitOfTheFieldsIsExact() {
        func request(fieldsOf length: Int) -> String {
            let fixed = "Host: x\r\nA: \r\n".utf8.count
            return "GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: length - fixed))\r\n\r\n"
        }
        #expect(readRequests(request(fieldsOf: 1000)).items.count == 1)
        #expect(readRequests(request(fieldsOf: 1001)).error == .headTooLarge)
        #expect(readRequests("GET / HTTP/1.1\r\nA: " + String(repeating: "a", count: 5000)).error == .headTooLarge)
    }

    @Test func theLimitOfTheCountIsExact() {
        func request(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: count - 1) + "\r\n"
        }
        #expect(readRequests(request(20)).items.first?.fields.count == 20)
        #expect(readRequests(request(21)).error == .headTooLarge)
    }

    @Test func aHeadOf100000LinesIsReadInLinearTime() throws {
        let limits = HeadLimits(line: 200, fields: 10 << 20, count: 200_000)
        func time(_ lines: Int, piece: Int) throws -> Duration {
            let text = "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: lines) + "\r\n"
            let bytes = Array(text.utf8)
            var count = 0
            let duration = ContinuousClock().measure {
                var parser = RequestParser(limits: limits)
                let pieces = Array(repeating: piece, count: bytes.count / piece)
                let reading = feed(bytes, pieces: pieces) { (buffer: inout ByteBuffer) throws(HTTP1Error) in
                    try parser.next(in: &buffer)
                }
                count = reading.items.first?.fields.count ?? 0
            }
            try #require(count == lines + 1)
            return duration
        }
        for piece in [1 << 20, 1000, 7] {
            let short = try (0..<3).map { _ in try time(10_000, piece: piece) }.min() ?? .zero
            let long = try time(100_000, piece: piece)
            // Quadratic would be a hundred times as long.
            #expect(long < short * 40, "10,000 lines took \(short), 100,000 took \(long)")
        }
    }
}
