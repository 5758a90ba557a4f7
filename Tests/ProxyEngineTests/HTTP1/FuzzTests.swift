// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import ProxyEngine

/// Bytes of every kind: no parser may crash, take for ever, or depend on how the bytes were cut.
@Suite struct FuzzTests {
    private static let words = [
        "GET", " ", "/", "HTTP/1.1", "HTTP/1.0", "\r\n", "\n", "\r", "Host: x", ":", "Content-Length", "5", "chunked",
        "Transfer-Encoding: ", ";", "0", "FFFF", "\t", "\0", "a", "\u{E9}", "200 OK", "0\r\n\r\n", "\r\n\r\n", ", ",
        "%2f",
    ]

    /// A mixture of what messages are made of and of anything.
    private func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        (0..<Int.random(in: 0...30, using: &random)).flatMap { _ -> [UInt8] in
            Int.random(in: 0..<8, using: &random) == 0
                ? [.random(in: .min ... .max, using: &random)]
                : Array((Self.words.randomElement(using: &random) ?? "").utf8)
        }
    }

    @Test(arguments: [UInt64(11), 12, 13]) func noParserCrashesOrDependsOnTheCut(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            let bytes = self.bytes(&random)
            _ = readRequests(Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8) + bytes)
            _ = readRequests(bytes)
            _ = readResponses(Array("HTTP/1.1 200 ".utf8) + bytes)
            _ = decode(String(decoding: bytes, as: UTF8.self))
            _ = decode("5\r\nhello\r\n" + String(decoding: bytes, as: UTF8.self))
        }
    }

    /// What is taken is written again as something that means the same to every reader.
    @Test(arguments: [UInt64(21), 22, 23]) func whatIsTakenIsWrittenAsItself(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<2000 {
            var bytes = Array("GET /a HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n".utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[.random(in: bytes.indices, using: &random)] = .random(in: .min ... .max, using: &random)
            }
            var parser = RequestParser(limits: testLimits)
            var buffer = ByteBuffer(bytes: bytes)
            guard let head = try? parser.next(in: &buffer) else { continue }
            var written = ByteBuffer()
            HeadWriter.write(head, to: &written)
            var again = RequestParser(limits: testLimits)
            let copy = try? again.next(in: &written)
            #expect(
                copy?.target == head.target && copy?.fields == head.fields,
                "seed \(seed), round \(round): \(bytes)"
            )
            #expect(written.readableBytes == 0)
        }
    }
}
