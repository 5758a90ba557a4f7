// SPDX-License-Identifier: Apache-2.0

import NIOCore
import TestSupport
import Testing

@testable import HTTPMessage

@Suite("Base64")
struct Base64Tests {
    @Test(
        "The examples of RFC 4648, 10",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func examples(plain: String, encoded: String) {
        #expect(Base64.encode(ByteBuffer(string: plain)) == encoded)
        #expect(Base64.decode(encoded[...]) == ByteBuffer(string: plain))
    }

    @Test("What was encoded is decoded to the same octets")
    func roundTrip() {
        let seed: UInt64 = 4648
        var generator = SeededGenerator(seed: seed)
        for length in 0..<200 {
            let octets = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            let encoded = Base64.encode(ByteBuffer(bytes: octets))
            #expect(Base64.decode(encoded[...]) == ByteBuffer(bytes: octets), "seed \(seed), length \(length)")
        }
    }

    @Test(
        "What no encoder writes is refused",
        arguments: [
            "Zg", "Zg=", "Zg===", "Z===", "====", "Zg==Zg==", "Zm9v\n", "Zm 9v", "Zm9-", "Zm9_", "Zh==", "Zm9=",
            "Zm9vé",
            "=m9v", "Zm=v",
        ]
    )
    func refused(text: String) {
        #expect(Base64.decode(text[...]) == nil)
    }
}
