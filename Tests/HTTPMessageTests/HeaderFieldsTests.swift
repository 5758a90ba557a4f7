// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@Suite struct HeaderFieldsTests {
    @Test func aValueThatDoesNotFitIsLeftOutWhole() {
        for (count, fits) in [(255, true), (256, true), (257, false)] {
            var fields: HeaderFields = ["A": "b"]
            fields.add("Value") { value in
                value.append(String(repeating: "a", count: count - 2))
                value.append(-1)
            }
            #expect(fields["value"]?.utf8.count == (fits ? count : nil))
            #expect(fields["a"] == "b" && fields.count == (fits ? 2 : 1))
        }
    }

    private let fields: HeaderFields = [
        "Host": "example.com", "Accept": "a, b", "X-Empty": "", "accept": " c ,,\td", "Via": "1.1 x",
    ]

    @Test func looksUpWithoutRegardToCase() {
        #expect(self.fields["hOST"] == "example.com")
        #expect(self.fields["x-empty"] == "")
        #expect(self.fields["Hos"] == nil && self.fields["Hosts"] == nil && self.fields[""] == nil)
        #expect(self.fields.contains("VIA") && !self.fields.contains("Vi@"))
        #expect(self.fields.count(of: "ACCEPT") == 2)
        #expect(self.fields.values(of: "accept") == ["a, b", " c ,,\td"])
        // `@` and `` ` `` differ in the bit that tells the cases of letters apart.
        #expect((["a@": "x"] as HeaderFields)["a`"] == nil)
    }

    /// Names that look alike to a quick glance, as many as a head has room for.
    @Test func removesThousandsOfNamesAtOnce() {
        var fields = HeaderFields()
        for number in 0..<100 { fields.add(number % 2 == 0 ? "!" : "A", "\(number)") }
        fields.remove(FieldNames((0..<10_000).map { "b\($0)" } + Array(repeating: "a", count: 10_000)))
        #expect(fields.count == 50 && fields.count(of: "!") == 50 && !fields.contains("a"))
    }

    /// The same as one after the other.
    @Test(arguments: [UInt64(71), 72, 73]) func removesManyNamesAtOnce(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Some share a length, and some a first letter with it.
        let names = ["Te", "via", "VIA", "Vary", "Host", "hosT", "X", "x-a", "X-B", "Connection", "Keep-Alive", ""]
        for _ in 0..<2000 {
            var together = HeaderFields()
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                together.add(names.randomElement(using: &random) ?? "", "\(Int.random(in: 0...9, using: &random))")
            }
            var apart = together
            let unwanted = (0..<Int.random(in: 0...4, using: &random)).compactMap { _ in
                names.randomElement(using: &random)
            }
            together.remove(FieldNames(unwanted))
            for name in unwanted { apart.remove(name) }
            #expect(together == apart && together.wireLength == apart.wireLength, "seed \(seed), without \(unwanted)")
        }
    }

    @Test func readsListsOverAllLines() {
        #expect(self.fields.list("accept") == ["a", "b", "c", "d"])
        #expect(self.fields.list("Accept", contains: "D"))
        #expect(!self.fields.list("accept", contains: "a, b"))
        #expect(self.fields.list("nothing").isEmpty && self.fields.list("x-empty").isEmpty)
    }

    @Test func commasAndSpacesCountWhateverCombinesWithThem() {
        #expect((["Connection": "close,\u{301}x"] as HeaderFields).list("connection") == ["close", "\u{301}x"])
        #expect(" \u{301}a\t"[...].trimmingOptionalWhitespace().unicodeScalars.elementsEqual("\u{301}a".unicodeScalars))
        #expect(" \t "[...].trimmingOptionalWhitespace().isEmpty)
    }

    @Test func changesAllLinesOfAName() {
        var fields = self.fields
        fields.set("ACCEPT", "z")
        #expect(fields.values(of: "accept") == ["z"] && fields.count == 4)
        fields.remove("host")
        #expect(fields["host"] == nil && fields["via"] == "1.1 x")
        fields.removeAll { $0.hasPrefix("X-") }
        #expect(fields.count == 2)
    }

    @Test func writesLinesInOrder() {
        var buffer = ByteBuffer()
        (["A": "1", "b": "", "A": "2"] as HeaderFields).write(to: &buffer)
        #expect(String(buffer: buffer) == "A: 1\r\nb: \r\nA: 2\r\n")
        #expect((["A": "1", "b": "", "A": "2"] as HeaderFields).wireLength == buffer.readableBytes)
    }

    @Test func lendsValuesAsTheyAre() {
        var fields = HeaderFields()
        let name = Array("X".utf8)
        for value in [[0xFF], [0xFE, 0x20]] as [[UInt8]] {
            name.withUnsafeBytes { name in value.withUnsafeBytes { fields.add(name: name, value: $0) } }
        }
        var values: [[UInt8]] = []
        fields.forEachValue(of: "x") { values.append(Array($0)) }
        #expect(values == [[0xFF], [0xFE, 0x20]])
    }

    @Test func equalityLooksAtOrderAndValuesButNotAtTheCaseOfNames() {
        #expect((["A": "1", "B": "2"] as HeaderFields) == ["a": "1", "b": "2"])
        #expect((["A": "1", "B": "2"] as HeaderFields) != ["B": "2", "A": "1"])
        #expect((["A": "x"] as HeaderFields) != ["A": "X"])
        #expect((["A": "1"] as HeaderFields) != ["A": "1", "B": "2"])
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func behavesAsAListOfPairsDoes(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var fields = HeaderFields()
        var model: [(name: String, value: String)] = []
        for step in 0..<60 {
            let name = ["a", "A", "bb", "Bb", "c"][Int.random(in: 0..<5, using: &random)]
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                fields.remove(name)
                model.removeAll { $0.name.lowercased() == name.lowercased() }
            case 1:
                fields.set(name, "\(step)")
                model.removeAll { $0.name.lowercased() == name.lowercased() }
                model.append((name, "\(step)"))
            default:
                fields.add(name, "\(step)")
                model.append((name, "\(step)"))
            }
        }
        var lines = ByteBuffer()
        fields.write(to: &lines)
        #expect(String(buffer: lines) == model.map { "\($0.name): \($0.value)\r\n" }.joined())
        #expect(fields.values(of: "bb") == model.filter { $0.name.lowercased() == "bb" }.map(\.value))
    }
}
