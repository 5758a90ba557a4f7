// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@Suite struct JSONTests {
    // MARK: Reading

    @Test(
        arguments: [
            ("null", .null), (" true ", true), ("\tfalse\r\n", false), ("0", 0), ("-0", .number("-0")), ("\"\"", ""),
            ("1.50", .number("1.50")), ("-12.5e+3", .number("-12.5e+3")), ("1E400", .number("1E400")),
            ("[]", []), ("[ 1 , [ 2 ] ]", [1, [2]]), ("{}", .object([])),
            ("{\"a\":{\"b\":[null]}}", ["a": ["b": [.null]]]),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u00e9\u20AC\u0000""#, "é€\0"),
            (#""\ud83c\udf3f""#, "🌿"), ("\"é€🌿\"", "é€🌿"), ("\"\u{7f}\"", "\u{7f}"),
        ] as [(String, JSON)]
    )
    func acceptsWhatTheGrammarHas(text: String, value: JSON) throws {
        #expect(try JSON(parsing: text.utf8) == value)
    }

    @Test(
        arguments: [
            ("", .unexpectedEnd), (" ", .unexpectedEnd), ("[", .unexpectedEnd), ("{\"a\"", .unexpectedEnd),
            ("\"a", .unexpectedEnd), ("\"\\", .unexpectedEnd), ("\"\\u12", .unexpectedEnd), ("-", .unexpectedEnd),
            ("1.", .unexpectedEnd), ("1e", .unexpectedEnd), ("tru", .unexpectedEnd),
            ("01", .trailingBytes), ("1 2", .trailingBytes), ("{} x", .trailingBytes), ("nullx", .trailingBytes),
            ("1.e1", .unexpectedByte), (".5", .unexpectedByte), ("+1", .unexpectedByte), ("- 1", .unexpectedByte),
            ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte), ("True", .unexpectedByte),
            ("'a'", .unexpectedByte),
            ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte), ("[1 2]", .unexpectedByte), ("{,}", .unexpectedByte),
            ("{\"a\":1,}", .unexpectedByte), ("{a:1}", .unexpectedByte), ("{1:1}", .unexpectedByte),
            ("{\"a\" 1}", .unexpectedByte), ("[1}", .unexpectedByte), ("]", .unexpectedByte),
            ("/**/1", .unexpectedByte),
            ("\u{feff}1", .unexpectedByte), ("0x1", .trailingBytes),
            (#""\x41""#, .badEscape), (#""\u12g4""#, .badEscape), (#""\U0041""#, .badEscape),
            (#""\ud83c""#, .loneSurrogate), (#""\udf3f""#, .loneSurrogate), (#""\ud83c\u0041""#, .loneSurrogate),
            (#""\ud83cx""#, .loneSurrogate), (#""\udf3f\ud83c""#, .loneSurrogate),
            ("\"a\nb\"", .controlCharacter), ("\"\0\"", .controlCharacter), ("\"\u{1f}\"", .controlCharacter),
        ] as [(String, JSON.ParseError.Reason)]
    )
    func rejectsWhatTheGrammarHasNot(text: String, reason: JSON.ParseError.Reason) {
        #expect(Self.reason(Array(text.utf8)) == reason)
    }

    @Test(
        arguments: [
            [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80],
        ] as [[UInt8]]
    )
    func rejectsWhatIsNotUTF8(bytes: [UInt8]) {
        #expect(Self.reason([0x22] + bytes + [0x22]) == .notUTF8)
        #expect(Self.reason(Array(#"{"\n"#.utf8) + bytes + Array("\":1}".utf8)) == .notUTF8)
        #expect(Self.reason(bytes) == .unexpectedByte)
    }

    @Test func nestsSixtyFourDeepAndNoDeeper() throws {
        let deep = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try JSON(parsing: deep.utf8).serialized == deep)
        #expect(Self.reason(Array("[\(deep)]".utf8)) == .tooDeep)
        #expect(Self.reason([UInt8](repeating: 0x5B, count: 1_000_000)) == .tooDeep)
        let wide = "[" + String(repeating: "[],{},", count: 1000) + "0]"
        #expect(try JSON(parsing: wide.utf8).array?.count == 2001)
    }

    @Test func saysWhereTheErrorIs() {
        do throws(JSON.ParseError) {
            Issue.record("\(try JSON(parsing: "{\"a\": }".utf8)) is no error")
        } catch {
            #expect(error.offset == 6)
        }
    }

    @Test func keepsNumbersOrderAndDuplicates() throws {
        let text = #"{"b":1.0,"a":1e0,"b":100000000000000000000000001}"#
        let value = try JSON(parsing: text.utf8)
        #expect(value.serialized == text)
        #expect(value["b"] == .number("1.0"))
        #expect(value["a"]?.double == 1)
        #expect(value.object?.count == 3)
    }

    @Test func readsFromAnyCollection() throws {
        #expect(try JSON(parsing: ByteBuffer(string: "[1]").readableBytesView) == [1])
        #expect(
            try JSON(parsing: [0x5B, 0x5D].reversed().reversed() as ReversedCollection<ReversedCollection<[UInt8]>>)
                == []
        )
    }

    @Test func numbersBeyondADoubleHaveNone() {
        #expect(JSON.number("1e400").double == nil)
        #expect(JSON.double(.infinity) == .null)
        #expect(JSON.double(0.1).serialized == "0.1")
        #expect(JSON.int(-7).serialized == "-7")
    }

    // MARK: Pointers

    /// The examples of RFC 6901, 5.
    @Test func followsPointers() throws {
        let text = #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#
        let value = try JSON(parsing: text.utf8)
        #expect(value[pointer: ""] == value)
        #expect(value[pointer: "/foo"] == ["bar", "baz"])
        #expect(value[pointer: "/foo/0"] == "bar")
        for (index, pointer) in ["/", "/a~1b", "/c%d", "/e^f", "/g|h", "/i\\j", "/k\"l", "/ ", "/m~0n"].enumerated() {
            #expect(value[pointer: pointer] == .int(index))
        }
        for pointer in ["foo", "/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/0/x", "/m~n", "/m~2n", "/nothing", "//"]
        {
            #expect(value[pointer: pointer] == nil, "\(pointer)")
        }
    }

    // MARK: Properties

    @Test(arguments: 0..<200 as Range<UInt64>)
    func whatIsWrittenReadsBackTheSame(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let value = Self.value(&random, depth: 5)
        let text = value.serialized
        #expect(try JSON(parsing: text.utf8) == value)
        #expect(try JSON(parsing: text.utf8).serialized == text)
        var buffer = ByteBuffer()
        value.write(to: &buffer)
        #expect(String(buffer: buffer) == text)
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func noTextCrashesTheParser(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let text = Array(Self.value(&random, depth: 4).serialized.utf8)
        for bytes in [random.damaged(text), random.bytes(upTo: 40, from: Array(#"[]{},:"\u0d8eE+-.1tfn "#.utf8))] {
            guard let value = try? JSON(parsing: bytes) else { continue }
            #expect(throws: Never.self) { try JSON(parsing: value.serialized.utf8) }
        }
    }

    private static func reason(_ bytes: [UInt8]) -> JSON.ParseError.Reason? {
        do throws(JSON.ParseError) {
            _ = try JSON(parsing: bytes)
            return nil
        } catch {
            return error.reason
        }
    }

    private static func value(_ random: inout SeededGenerator, depth: Int) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .int(Int.random(in: .min ... .max, using: &random))
        case 3: return .double(Double(bitPattern: random.next()))
        case 4: return .string(Self.text(&random))
        case 5:
            return .array(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in Self.value(&random, depth: depth - 1) }
            )
        default:
            return .object(
                (0..<Int.random(in: 0..<5, using: &random)).map { _ in
                    .init(name: Self.text(&random), value: Self.value(&random, depth: depth - 1))
                }
            )
        }
    }

    private static func text(_ random: inout SeededGenerator) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            let limit: UInt32 = Bool.random(using: &random) ? 0x7F : 0x10FFFF
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0...limit, using: &random)) ?? "?")
        }
        return text
    }
}
