// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import TestSupport
import Testing

@testable import HTTPCaching

@Suite struct VariantTests {
    private func isSame(_ name: String, _ one: HeaderFields, _ other: HeaderFields) -> Bool {
        Variant(["Vary": name], to: one, keyedBy: []).matches(other)
    }

    @Test(
        arguments: [
            ("Foo", "1,2", "1 ,\t2", true), ("Foo", "a", "A", false), ("Foo", "1, 2", "2, 1", false),
            ("Foo", "\"a, b\"", "\"a,b\"", false), ("Foo", "\"\\\", \"", "\"\\\",\"", false), ("Foo", "1", "1,,", true),
            ("Accept-Encoding", "gzip, br", "BR,gzip", true), ("Accept-Encoding", "gzip;q=1", "gzip; q=1", true),
            ("Accept-Encoding", "gzip", "gzip;q=0", false), ("Accept-Language", "de, en", "DE,en", true),
            ("Accept-Language", "de, en", "en, de", false),
            ("Accept-Language", "de, en;q=0.5", "en;q=0.5, de;q=1.0", true),
            ("Accept", "text/html;level=1", "text/html;LEVEL=1", false), ("Accept", "a/b, c/d", "c/d, a/b", true),
        ]
    )
    func `values that mean the same are the same (4.1)`(name: String, one: String, other: String, isSame: Bool) {
        #expect(self.isSame(name, [name: one], [name: other]) == isSame)
        #expect(self.isSame(name, [name: other], [name: one]) == isSame)
    }

    @Test func `lines are joined, and absence is a value (4.1)`() {
        #expect(self.isSame("Foo", ["Foo": "1, 2"], ["foo": "1", "FOO": "2"]))
        #expect(self.isSame("Foo", [:], [:]) && !self.isSame("Foo", [:], ["Foo": ""]))
        #expect(!self.isSame("*", [:], [:]) && !self.isSame(", *", ["Foo": "1"], ["Foo": "1"]))
        #expect(Variant(["Vary": "a, A, b"], to: [:], keyedBy: ["b"]).fields.map(\.name) == ["a"])
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever is written, a value is the same as itself, and octets that differ outside of space never are`(
        seed: UInt64
    ) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("ab,\" \\;q=01".utf8)
        func value() -> String {
            String(
                decoding: (0..<Int.random(in: 0..<12, using: &random)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                },
                as: UTF8.self
            )
        }
        let (one, other) = (value(), value())
        #expect(self.isSame("X-Any", ["X-Any": one], ["X-Any": one]), "seed \(seed)")
        let essence = [one, other].map { $0.filter { $0 != " " && $0 != "," } }
        if essence[0] != essence[1] {
            #expect(!self.isSame("X-Any", ["X-Any": one], ["X-Any": other]), "seed \(seed)")
        }
    }
}

@Suite struct ByteRangesTests {
    @Test(
        arguments: [
            ("bytes=0-0", [0..<1]), ("bytes=9-", [9..<10]), ("bytes=-3", [7..<10]), ("bytes = 0-1", nil),
            ("bytes=0-1, 4-5 ,", [0..<2, 4..<6]), ("bytes=4-5,0-1", [4..<6, 0..<2]), ("bytes=0-1,1-2", nil),
            ("bytes=", nil), ("bytes=-", nil), ("bytes=1", nil), ("bytes=1-2-3", nil), ("bytes=-1-2", nil),
            ("bytes=0-99999999999999999999", [0..<10]), ("bytes=+1-2", nil), ("bytes=2-1", nil), ("", nil),
            (
                "bytes=" + (0..<17).map { "\($0 * 2)-\($0 * 2)" }.joined(separator: ","),
                [0..<1, 2..<3, 4..<5, 6..<7, 8..<9]
            ),
        ] as [(String, [Range<Int>]?)]
    )
    func `reads what is asked for (RFC 9110, 14.1.2)`(value: String, parts: [Range<Int>]?) {
        #expect(ByteRanges(value, length: 10) == parts.map { .parts($0) })
    }

    @Test func `what is not there cannot be had (RFC 9110, 14.1.2)`() {
        for value in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
            #expect(ByteRanges(value, length: 10) == .unsatisfiable)
        }
        #expect(ByteRanges("bytes=0-", length: 0) == .unsatisfiable)
    }

    @Test(
        arguments: [
            ("bytes 0-1/4", "2", 0..<2), ("BYTES 2-2/*", nil, 2..<3), ("bytes 0-1/1", nil, nil),
            ("bytes 1-0/4", nil, nil),
            ("bytes */4", nil, nil), ("bytes 0-1/4", "3", nil), ("lines 0-1/4", nil, nil), ("bytes 0-1", nil, nil),
        ] as [(String, String?, Range<Int>?)]
    )
    func `a part says which it is (RFC 9110, 14.4)`(value: String, length: String?, range: Range<Int>?) {
        var head = ResponseHead(206, fields: ["Content-Range": value])
        if let length { head.fields.add("Content-Length", length) }
        #expect(ContentRange(head, to: ["Range": "x"])?.range == range)
        #expect(ContentRange(head, to: [:]) == nil && ContentRange(head, to: ["Range": "x", "If-Range": "y"]) == nil)
    }
}

@Suite struct RecentKeysTests {
    private let start = ContinuousClock.now

    @Test func `a key is known until its time is up`() {
        let keys = RecentKeys()
        keys.insert(.numbered(1), until: self.start + .seconds(5))
        #expect(keys.contains(.numbered(1), at: self.start + .seconds(4)))
        #expect(
            !keys.contains(.numbered(1), at: self.start + .seconds(5)) && !keys.contains(.numbered(2), at: self.start)
        )
        keys.remove(.numbered(1))
        #expect(!keys.contains(.numbered(1), at: self.start))
    }

    @Test func `there are never more than twice the limit, and the youngest stay`() {
        let keys = RecentKeys(limit: 10)
        for number in 0..<100 { keys.insert(.numbered(number), until: self.start + .seconds(5)) }
        let known = (0..<100).filter { keys.contains(.numbered($0), at: self.start) }
        #expect(known.count <= 20 && Set(90..<100).isSubset(of: known))
    }
}

@Suite struct InvalidationsTests {
    @Test func `what was asked for before is out of date, and what comes after is not`() {
        let (invalidations, start) = (Invalidations(), ContinuousClock.now)
        #expect(!invalidations.covers("/a", since: start))
        invalidations.insert("/a", at: start + .seconds(1))
        #expect(invalidations.covers("/a", since: start) && !invalidations.covers("/a", since: start + .seconds(2)))
    }

    @Test func `what is forgotten is never served`() {
        let (invalidations, start) = (Invalidations(limit: 10), ContinuousClock.now)
        for number in 0..<100 {
            invalidations.insert("/\(number)", at: start + .seconds(number))
            for target in 0...number { #expect(invalidations.covers("/\(target)", since: start + .seconds(target))) }
            #expect(!invalidations.covers("/other", since: start + .seconds(number)))
        }
    }
}
