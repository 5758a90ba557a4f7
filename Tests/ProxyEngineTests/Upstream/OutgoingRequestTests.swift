// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOPosix
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite struct OutgoingRequestTests {
    private static let worker = Worker(loop: MultiThreadedEventLoopGroup.singleton.any(), index: 0)

    private func written(_ head: RequestHead, path: String, basePath: String = "/base") -> String {
        let url = UpstreamURL(isTLS: false, host: "api.example", port: 80, basePath: basePath)
        let request = Request(head, client: .init(address: "1.2.3.4", isTLS: false), worker: Self.worker)
        let upstream = UpstreamConfiguration(name: "api", url: url)
        let outgoing = OutgoingRequest(
            request,
            body: .empty,
            path: path[...],
            to: upstream,
            host: upstream.url.authority
        )
        var buffer = ByteBuffer()
        HeadWriter.write(outgoing.head, to: &buffer)
        return String(buffer: buffer)
    }

    /// Whatever passes the parser comes out as one request of one meaning.
    @Test(arguments: [UInt64(31), 32, 33]) func noFieldBecomesTwo(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = [
            "\r", "\n", "\r\n", "\0", ":", " ", "\t", "a", "Host", "Content-Length", "\u{85}", "\u{2028}", "%0d%0a",
        ]
        for round in 0..<500 {
            func noise() -> String { (0..<4).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined() }
            let text = "GET /\(noise()) HTTP/1.1\r\nHost: x\r\nA\(noise()): \(noise())\r\n\r\n"
            var parser = RequestParser(limits: testLimits)
            var buffer = ByteBuffer(string: text)
            guard let head = try? parser.next(in: &buffer) else { continue }
            var written = ByteBuffer(string: self.written(head, path: head.target))
            var again = RequestParser(limits: HeadLimits(line: 10_000, fields: 10_000, count: 100))
            let copy = try #require(
                try again.next(in: &written),
                "seed \(seed), round \(round): \(text.debugDescription)"
            )
            #expect(written.readableBytes == 0)
            #expect(copy.fields.values(of: "host") == ["api.example"])
            #expect(!copy.fields.contains("content-length"))
            #expect(copy.target == "/base" + head.target)
        }
    }

    @Test func theTargetIsTheBaseAndThePath() {
        let head = RequestHead(.get, "/api/x")
        #expect(self.written(head, path: "/x?y").hasPrefix("GET /base/x?y HTTP/1.1\r\n"))
        #expect(self.written(head, path: "").hasPrefix("GET /base HTTP/1.1\r\n"))
        #expect(self.written(head, path: "?y").hasPrefix("GET /base?y HTTP/1.1\r\n"))
        #expect(self.written(head, path: "", basePath: "").hasPrefix("GET / HTTP/1.1\r\n"))
        #expect(self.written(head, path: "?y", basePath: "").hasPrefix("GET /?y HTTP/1.1\r\n"))
    }

    @Test(arguments: ["close", "keep-alive", "close, host, content-type, via, authorization"])
    func aConnectionFieldTakesAwayNothingThatIsForTheOtherEnd(_ connection: String) {
        var fields: HeaderFields = ["Host": "x", "Content-Type": "a", "Authorization": "b", "Connection": connection]
        HopByHop.remove(from: &fields)
        #expect(fields == ["Host": "x", "Content-Type": "a", "Authorization": "b"])
    }
}
