// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import ProxyEngine

@Suite struct BodyDecoderTests {
    @Test func contentOfAKnownLengthEndsThere() {
        let body = decode("hello, rest", .length(5))
        #expect(body.text == "hello" && body.isFinished && body.rest == 6)
        #expect(!decode("hell", .length(5)).isFinished)
        #expect(decode("next", .none).rest == 4)
    }

    @Test func contentUntilCloseEndsWithTheConnectionOnly() throws {
        #expect(decode("hello", .untilClose).text == "hello")
        var decoder = BodyDecoder(.untilClose)
        var buffer = ByteBuffer(string: "x")
        _ = try decoder.next(in: &buffer)
        #expect(!decoder.isFinished)
        let isTheEnd = decoder.inputEnded()
        #expect(isTheEnd)
        #expect(decoder.isFinished)
    }

    @Test(arguments: [BodyFraming.length(5), .chunked])
    func theEndOfTheConnectionDoesNotEndOtherContent(_ framing: BodyFraming) {
        var decoder = BodyDecoder(framing)
        let isTheEnd = decoder.inputEnded()
        #expect(!isTheEnd)
    }

    @Test func chunksAreJoined() {
        let body = decode("5\r\nhello\r\n1\r\n,\r\nA\r\n0123456789\r\n0\r\n\r\nrest")
        #expect(body.text == "hello,0123456789" && body.isFinished && body.rest == 4)
        #expect(body.trailers == nil)
    }

    @Test(arguments: ["000005", "00000000000000005", "5;a", "5;a=b;c=\"d e\"", "5;a=\u{E9}", "5;", "5;a=b\t"])
    func extensionsAndLeadingZerosAreDropped(_ size: String) {
        #expect(decode("\(size)\r\nhello\r\n0;x\r\n\r\n").text == "hello")
    }

    @Test(
        arguments: [
            "", "g", "-5", "+5", "0x5", " 5", "5 5", "5g", "5,", "\u{665}", "FFFFFFFFFFFFFFFF", "10000000000000000",
            "5;a\0b", "5;a\u{1}", "5;a\u{7F}", ";a", "5\t\t5", "5;a\rb",
        ]
    )
    func aSizeThatIsNoneIsRefused(_ size: String) {
        #expect(decode("\(size)\r\nhello\r\n0\r\n\r\n").error != nil)
    }

    @Test(
        arguments: [
            "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "5\r\nhell\r\n0\r\n\r\n",
            "5\r\nhelloX\n0\r\n\r\n", "5\r\nhello\r\n0\n\n", "5\r\nhello\r\n0\r\n\n",
            "5\r\nhello\r\n0\r\nA : b\r\n\r\n",
            "5\r\nhello\r\n0\r\n A: b\r\n\r\n", "5\r\nhello\r\n0\r\nA: b\n\r\n", "5\r\nhello\r\n0\r\nA: \0\r\n\r\n",
            "5\r\nhello\r\n0\r\nnonsense\r\n\r\n", "5\r\nhello\r\r\n0\r\n\r\n", "5\r\r\nhello\r\n0\r\n\r\n",
        ]
    )
    func aChunkThatDoesNotEndAsItShouldIsRefused(_ text: String) {
        #expect(decode(text).error != nil)
    }

    @Test func anEndlessSizeLineIsRefused() {
        #expect(decode("5;" + String(repeating: "a", count: 400)).error != nil)
        #expect(decode("5;" + String(repeating: "a", count: 400) + "\r\nhello\r\n0\r\n\r\n").error != nil)
        #expect(decode("5;" + String(repeating: "a", count: 200) + "\r\nhello\r\n0\r\n\r\n").error == nil)
    }

    @Test func trailersAreReadWithoutThoseThatMayNotBe() {
        let body = decode(
            "1\r\nx\r\n0\r\nA: 1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\nHost: evil\r\n"
                + "Authorization: a\r\nSet-Cookie: b\r\nB: 2\r\n\r\nrest"
        )
        #expect(body.trailers == ["A": "1", "B": "2"])
        #expect(body.rest == 4)
    }

    @Test func endlessTrailersAreRefused() {
        #expect(decode("0\r\n" + String(repeating: "A: b\r\n", count: 100)).error != nil)
        #expect(decode("0\r\nA: " + String(repeating: "b", count: 20_000)).error != nil)
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func whateverIsChunkedComesBack(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for round in 0..<50 {
            var encoded = ""
            var content = ""
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let chunk = String(
                    repeating: "ab\r\n0;".randomElement(using: &random) ?? "x",
                    count: .random(in: 1...40, using: &random)
                )
                content += chunk
                encoded += "\(String(chunk.utf8.count, radix: 16, uppercase: .random(using: &random)))\r\n\(chunk)\r\n"
            }
            let body = decode(encoded + "0\r\n\r\nGET")
            #expect(body.text == content && body.isFinished && body.rest == 3, "seed \(seed), round \(round)")
        }
    }

    @Test func smallChunksAreDecodedInLinearTime() {
        func time(_ chunks: Int) -> Duration {
            let bytes = Array((String(repeating: "1\r\nx\r\n", count: chunks) + "0\r\n\r\n").utf8)
            return ContinuousClock().measure { _ = DecodedBody(bytes, .chunked, pieces: []) }
        }
        let short = (0..<3).map { _ in time(10_000) }.min() ?? .zero
        let long = time(100_000)
        #expect(long < short * 40, "10,000 chunks took \(short), 100,000 took \(long)")
    }
}
