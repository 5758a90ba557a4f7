// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
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
            ("Accept-Language", "de, en", "en, de", true), ("Accept-Language", "de, en;q=0.5", "de;q=0.5, en", false),
            ("Accept-Language", "de, en;q=0.5", "en;q=0.5, de;q=1.0", true),
            ("Accept", "text/html;level=1", "text/html;LEVEL=1", false), ("Accept", "a/b, c/d", "c/d, a/b", true),
            ("Accept", "Text/HTML; q=0.5", "text/html ;q=0.5", true),
            ("Accept", "a/b;c=\"d e\"", "a/b;c=\"de\"", false),
            ("User-Agent", "X (a, b)", "X (a,b)", false), ("cookie", "a=1,2", "a=1, 2", false),
            ("Accept-Language", "de;q=0.5", "de;q=0.500", true), ("Accept-Language", "de;q=0", "de;q=0.0", true),
            ("Accept-Language", "de;q=0.5", "de;q=0.05", false), ("Accept-Language", "de;x=10", "de;x=1", false),
            ("Foo", "\u{e9}", "e\u{301}", false), ("Accept-Language", "\u{212a}", "k", false),
        ]
    )
    func `values that mean the same are the same (4.1)`(name: String, one: String, other: String, isSame: Bool) {
        #expect(self.isSame(name, [name: one], [name: other]) == isSame)
        #expect(self.isSame(name, [name: other], [name: one]) == isSame)
    }

    @Test func `octets that are no text are compared too (4.1)`() {
        let requests = [[0xE8, 0x20], [0xE9], [0xE8]].map { (value: [UInt8]) in
            var fields = HeaderFields()
            Array("Foo".utf8).withUnsafeBytes { name in value.withUnsafeBytes { fields.add(name: name, value: $0) } }
            return fields
        }
        #expect(!self.isSame("Foo", requests[0], requests[1]) && self.isSame("Foo", requests[0], requests[2]))
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
            ("bytes +0-1/4", nil, nil), ("bytes 0-+1/4", nil, nil), ("bytes 0-1/+4", nil, nil),
        ] as [(String, String?, Range<Int>?)]
    )
    func `a part says which it is (RFC 9110, 14.4)`(value: String, length: String?, range: Range<Int>?) {
        var head = ResponseHead(206, fields: ["Content-Range": value])
        if let length { head.fields.add("Content-Length", length) }
        #expect(ContentRange(head.fields)?.range == range)
    }
}

@Suite struct StoredPartsTests {
    private static let whole = "0123456789"

    private func part(_ first: Int, _ last: Int, of length: String = "10", tag: String? = "\"a\"") -> StoredResponse {
        var head = ResponseHead(206, fields: ["Content-Range": "bytes \(first)-\(last)/\(length)", "X": "\(first)"])
        if let tag { head.fields.add("ETag", tag) }
        let digits = Array(Self.whole.utf8)[first...last]
        return StoredResponse(
            head,
            content: ByteBuffer(bytes: digits),
            variant: Variant([], isUnique: false).holding(ContentRange(first..<last + 1, of: Int(length))),
            reuse: Reuse(lifetime: .seconds(60)),
            storedAt: .now,
            initialAge: 0,
            retainedUntil: .now + .seconds(60)
        )
    }

    @Test(
        arguments: [
            ("bytes=2-5", 2..<6), ("bytes=3-3", 3..<4), ("bytes=4-", nil), ("bytes=-3", nil), ("bytes=1-3", nil),
            ("bytes=2-6", nil), ("bytes=2-3,5-5", nil), ("lines=2-3", nil), ("bytes=99-", nil),
        ] as [(String, Range<Int>?)]
    )
    func `a part answers for what lies within it (RFC 9111, 3.3)`(range: String, wanted: Range<Int>?) {
        #expect(self.part(2, 5).part?.wanted(range) == wanted)
        #expect(self.part(2, 5).holds(range, for: [:]) == (wanted != nil))
        #expect(!self.part(2, 5).holds(range, for: ["If-Range": "\"b\""]))
        #expect(self.part(2, 5).holds(range, for: ["If-Range": "\"a\""]) == (wanted != nil))
        #expect(!self.part(2, 5).holds(nil, for: [:]))
    }

    @Test func `a last part answers for the end, if it is known to be one`() {
        #expect(self.part(6, 9).part?.wanted("bytes=-3") == 7..<10)
        #expect(self.part(6, 9).part?.wanted("bytes=8-") == 8..<10)
        #expect(self.part(6, 9).part?.wanted("bytes=8-99") == 8..<10)
        for range in ["bytes=-3", "bytes=8-", "bytes=8-99"] {
            #expect(self.part(6, 9, of: "*").part?.wanted(range) == nil)
        }
    }

    @Test func `parts that meet become one, and all of them the whole (RFC 9111, 3.4)`() {
        func combined(_ part: StoredResponse, _ others: StoredResponse...) -> StoredResponse {
            part.combined(with: Variants(others), upTo: 100)
        }
        let middle = combined(self.part(2, 4), self.part(5, 6), self.part(8, 9))
        #expect(middle.status == 206 && middle.fields["content-range"] == "bytes 2-6/10")
        #expect(String(buffer: middle.content) == "23456" && middle.fields["x"] == "2")
        let whole = combined(self.part(3, 6), self.part(6, 9), self.part(0, 4))
        #expect(whole.status == 200 && !whole.fields.contains("content-range"))
        #expect(String(buffer: whole.content) == Self.whole)
        #expect(String(buffer: combined(self.part(2, 7), self.part(3, 4)).content) == "234567")
        #expect(String(buffer: combined(self.part(3, 4), self.part(2, 7)).content) == "234567")
    }

    @Test func `what is put together has the fields of all, those of the newest first (RFC 9111, 3.4)`() {
        func part(_ first: Int, _ last: Int, _ fields: HeaderFields) -> StoredResponse {
            let part = self.part(first, last)
            return StoredResponse(
                ResponseHead(206, fields: part.fields.appending(fields)),
                content: part.content,
                variant: part.variant,
                reuse: part.reuse,
                storedAt: part.storedAt,
                initialAge: 0,
                retainedUntil: part.retainedUntil
            )
        }
        let older = part(0, 4, ["Content-Encoding": "gzip", "Content-Type": "text/html", "Y": "old"])
        for last in [7, 9] {
            let both = part(5, last, ["Y": "new"]).combined(with: Variants([older]), upTo: 100)
            #expect(both.fields["content-encoding"] == "gzip" && both.fields["content-type"] == "text/html")
            #expect(both.fields.values(of: "y") == ["new"] && both.fields.values(of: "etag") == ["\"a\""])
            #expect(both.fields["content-range"] == (last == 7 ? "bytes 0-7/10" : nil))
        }
    }

    @Test func `a part that is all by itself is the whole (RFC 9110, 15.3.7.3)`() {
        for tag in ["\"a\"", nil] {
            let whole = self.part(0, 9, tag: tag).combined(with: Variants([]), upTo: 100)
            #expect(whole.status == 200 && !whole.fields.contains("content-range") && whole.part == nil)
            #expect(whole.holds(nil, for: [:]) && String(buffer: whole.content) == Self.whole)
        }
        let part = self.part(0, 9, of: "*")
        #expect(part.combined(with: Variants([]), upTo: 100) === part)
    }

    @Test func `but not where they may be of different states (RFC 9111, 3.4)`() {
        for (one, other) in [("\"a\"", "\"b\""), ("W/\"a\"", "W/\"a\""), (nil, nil), ("a", "a")] {
            let part = self.part(0, 4, tag: one)
            #expect(part.combined(with: Variants([self.part(5, 9, tag: other)]), upTo: 100) === part)
        }
        let part = self.part(0, 4)
        #expect(part.combined(with: Variants([self.part(5, 9)]), upTo: 9) === part)
        #expect(part.combined(with: Variants([self.part(5, 9, of: "*")]), upTo: 100) === part)
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `whatever is put together is what was there`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        func part() -> StoredResponse {
            let bounds = (0..<2).map { _ in Int.random(in: 0..<10, using: &random) }.sorted()
            return self.part(bounds[0], bounds[1])
        }
        let (newest, others) = (part(), (0..<4).map { _ in part() })
        let combined = newest.combined(with: Variants(others), upTo: 100)
        let range = combined.part?.range ?? 0..<10
        #expect(Array(combined.content.readableBytesView) == Array(Array(Self.whole.utf8)[range]), "seed \(seed)")
        #expect(
            others.allSatisfy { other in
                guard let theirs = other.part?.range else { return false }
                let isApart = theirs.upperBound < range.lowerBound || range.upperBound < theirs.lowerBound
                return isApart || range.contains(theirs)
            },
            "seed \(seed)"
        )
    }

    @Test func `a newer one takes the place of what it holds, and of other states`() {
        let old = self.part(2, 4)
        #expect(old.isReplaced(by: self.part(2, 4)) && old.isReplaced(by: self.part(0, 9)))
        #expect(!old.isReplaced(by: self.part(3, 9)) && old.isReplaced(by: self.part(7, 9, tag: "\"b\"")))
    }
}

@Suite struct RecentKeysTests {
    private let start = Moment.now

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
        let (invalidations, start) = (Invalidations(), Moment.now)
        #expect(!invalidations.covers("/a", since: start))
        invalidations.insert("/a", at: start + .seconds(1))
        #expect(invalidations.covers("/a", since: start) && !invalidations.covers("/a", since: start + .seconds(2)))
    }

    @Test func `what is forgotten is never served`() {
        let (invalidations, start) = (Invalidations(limit: 10), Moment.now)
        for number in 0..<100 {
            invalidations.insert("/\(number)", at: start + .seconds(number))
            for target in 0...number { #expect(invalidations.covers("/\(target)", since: start + .seconds(target))) }
            #expect(!invalidations.covers("/other", since: start + .seconds(number)))
        }
    }
}
