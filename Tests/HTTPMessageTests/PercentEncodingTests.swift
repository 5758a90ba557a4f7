// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import TestSupport
import Testing

@Suite struct PercentEncodingTests {
    @Test func encodesEverythingButUnreservedCharacters() {
        #expect(PercentEncoding.queryValue("aZ09-._~") == "aZ09-._~")
        #expect(PercentEncoding.queryValue("a b&c=d/é\n") == "a%20b%26c%3Dd%2F%C3%A9%0A")
    }

    @Test(arguments: [
        ("", ""), ("a%20b", "a b"), ("%41%7a", "Az"), ("%c3%A9", "é"), ("100%", "100%"), ("%4", "%4"), ("%zz", "%zz"),
        ("%2541", "%41"), ("a+b", "a+b"), ("%é", "%é"),
    ])
    func decodesOnceAndOnlyWhatIsEncoded(text: String, decoded: String) {
        #expect(PercentEncoding.decode(text) == Array(decoded.utf8))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func decodingUndoesEncoding(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = String(decoding: random.bytes(upTo: 30), as: UTF8.self)
        #expect(PercentEncoding.decode(PercentEncoding.queryValue(text)) == Array(text.utf8))
    }
}
