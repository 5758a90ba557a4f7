// SPDX-License-Identifier: Apache-2.0

extension JSON {
    /// How deep arrays and objects may nest; what is deeper is an error, never a full stack.
    package static let maxDepth = 64

    package struct ParseError: Error, Hashable, CustomStringConvertible {
        package enum Reason: String, Sendable {
            case unexpectedEnd = "the text ends too early"
            case unexpectedByte = "no JSON value, or something else than the grammar wants, stands here"
            case trailingBytes = "something follows the value"
            case tooDeep = "arrays and objects nest deeper than 64"
            case badEscape = "no such escape in a string"
            case loneSurrogate = "half of a surrogate pair"
            case controlCharacter = "a control character in a string"
            case notUTF8 = "a string is not UTF-8"
        }

        package var reason: Reason
        /// Where in the text, in octets from 0.
        package var offset: Int

        package var description: String { "\(self.reason.rawValue) (offset \(self.offset))" }
    }

    /// Reads one JSON text, strictly by RFC 8259: no byte order mark, comment, trailing comma or anything after it.
    package init(parsing bytes: some Collection<UInt8>) throws(JSON.ParseError) {
        let result =
            bytes.withContiguousStorageIfAvailable(Self.parse)
            ?? Array(bytes).withUnsafeBufferPointer(Self.parse)
        self = try result.get()
    }

    private static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<JSON, ParseError> {
        // The closure that lends the octets would forget the type of the error.
        var parser = JSONParser(bytes)
        do throws(ParseError) {
            return .success(try parser.parse())
        } catch {
            return .failure(error)
        }
    }
}

/// Recursive descent over octets, which the caller lends for the time of `parse`.
private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var depth = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    mutating func parse() throws(JSON.ParseError) -> JSON {
        let value = try self.value()
        self.skipWhitespace()
        guard self.position == self.bytes.count else { throw self.error(.trailingBytes) }
        return value
    }

    private mutating func value() throws(JSON.ParseError) -> JSON {
        self.skipWhitespace()
        switch try self.peek() {
        case UInt8(ascii: "{"): return try self.object()
        case UInt8(ascii: "["): return try self.array()
        case UInt8(ascii: "\""): return .string(try self.string())
        case UInt8(ascii: "-"), 0x30...0x39: return .number(try self.number())
        case UInt8(ascii: "t"): return try self.word("true", .bool(true))
        case UInt8(ascii: "f"): return try self.word("false", .bool(false))
        case UInt8(ascii: "n"): return try self.word("null", .null)
        default: throw self.error(.unexpectedByte)
        }
    }

    // MARK: Arrays and objects

    private mutating func array() throws(JSON.ParseError) -> JSON {
        try self.descend()
        var values: [JSON] = []
        if try self.isEmpty(until: UInt8(ascii: "]")) { return .array(values) }
        repeat { values.append(try self.value()) } while try self.another(before: UInt8(ascii: "]"))
        return .array(values)
    }

    private mutating func object() throws(JSON.ParseError) -> JSON {
        try self.descend()
        var members: [JSON.Member] = []
        if try self.isEmpty(until: UInt8(ascii: "}")) { return .object(members) }
        repeat {
            self.skipWhitespace()
            guard try self.peek() == UInt8(ascii: "\"") else { throw self.error(.unexpectedByte) }
            let name = try self.string()
            self.skipWhitespace()
            guard try self.peek() == UInt8(ascii: ":") else { throw self.error(.unexpectedByte) }
            self.position += 1
            members.append(.init(name: name, value: try self.value()))
        } while try self.another(before: UInt8(ascii: "}"))
        return .object(members)
    }

    private mutating func descend() throws(JSON.ParseError) {
        guard self.depth < JSON.maxDepth else { throw self.error(.tooDeep) }
        self.depth += 1
        self.position += 1
    }

    private mutating func isEmpty(until end: UInt8) throws(JSON.ParseError) -> Bool {
        self.skipWhitespace()
        guard try self.peek() == end else { return false }
        self.close()
        return true
    }

    private mutating func another(before end: UInt8) throws(JSON.ParseError) -> Bool {
        self.skipWhitespace()
        switch try self.peek() {
        case UInt8(ascii: ","):
            self.position += 1
            return true
        case end:
            self.close()
            return false
        default:
            throw self.error(.unexpectedByte)
        }
    }

    private mutating func close() {
        self.depth -= 1
        self.position += 1
    }

    // MARK: Scalars

    private mutating func word(_ word: StaticString, _ value: JSON) throws(JSON.ParseError) -> JSON {
        let wanted = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
        for byte in wanted {
            guard try self.peek() == byte else { throw self.error(.unexpectedByte) }
            self.position += 1
        }
        return value
    }

    private mutating func number() throws(JSON.ParseError) -> String {
        let start = self.position
        if try self.peek() == UInt8(ascii: "-") { self.position += 1 }
        if try self.peek() == UInt8(ascii: "0") { self.position += 1 } else { try self.digits() }
        if self.at(UInt8(ascii: ".")) {
            self.position += 1
            try self.digits()
        }
        if self.at(UInt8(ascii: "e")) || self.at(UInt8(ascii: "E")) {
            self.position += 1
            if self.at(UInt8(ascii: "+")) || self.at(UInt8(ascii: "-")) { self.position += 1 }
            try self.digits()
        }
        return String(decoding: self.slice(start, self.position), as: UTF8.self)
    }

    /// One digit or more.
    private mutating func digits() throws(JSON.ParseError) {
        guard 0x30...0x39 ~= (try self.peek()) else { throw self.error(.unexpectedByte) }
        while self.position < self.bytes.count, 0x30...0x39 ~= self.bytes[self.position] { self.position += 1 }
    }

    // MARK: Strings

    private mutating func string() throws(JSON.ParseError) -> String {
        self.position += 1
        let start = self.position
        try self.skipPlainCharacters()
        if self.bytes[self.position] == UInt8(ascii: "\"") {
            self.position += 1
            return try self.text(self.slice(start, self.position - 1), at: start)
        }
        var unescaped = Array(self.slice(start, self.position))
        while self.bytes[self.position] == UInt8(ascii: "\\") {
            self.position += 1
            try self.escape(into: &unescaped)
            let plain = self.position
            try self.skipPlainCharacters()
            unescaped.append(contentsOf: self.slice(plain, self.position))
        }
        self.position += 1
        return try self.text(unescaped, at: start)
    }

    private func text(_ bytes: some Sequence<UInt8>, at offset: Int) throws(JSON.ParseError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw JSON.ParseError(reason: .notUTF8, offset: offset)
        }
        return text
    }

    /// Goes on to the next quotation mark or backslash.
    private mutating func skipPlainCharacters() throws(JSON.ParseError) {
        while true {
            let byte = try self.peek()
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return }
            guard byte >= 0x20 else { throw self.error(.controlCharacter) }
            self.position += 1
        }
    }

    /// Reads what follows a backslash.
    private mutating func escape(into unescaped: inout [UInt8]) throws(JSON.ParseError) {
        let byte = try self.peek()
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(byte)
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): return try self.unicodeEscape(into: &unescaped)
        default: throw self.error(.badEscape)
        }
        self.position += 1
    }

    private mutating func unicodeEscape(into unescaped: inout [UInt8]) throws(JSON.ParseError) {
        let unit = try self.hexadecimalUnit()
        var value = UInt32(unit)
        if UTF16.isLeadSurrogate(unit) {
            guard self.at(UInt8(ascii: "\\")), self.position + 1 < self.bytes.count,
                self.bytes[self.position + 1] == UInt8(ascii: "u")
            else { throw self.error(.loneSurrogate) }
            self.position += 1
            let trail = try self.hexadecimalUnit()
            guard UTF16.isTrailSurrogate(trail) else { throw self.error(.loneSurrogate) }
            value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
        }
        // Only half of a pair is no scalar here.
        guard let scalar = Unicode.Scalar(value) else { throw self.error(.loneSurrogate) }
        unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    /// Reads `uXXXX`.
    private mutating func hexadecimalUnit() throws(JSON.ParseError) -> UInt16 {
        self.position += 1
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = try self.peek().hexDigitValue else { throw self.error(.badEscape) }
            unit = unit << 4 | UInt16(digit)
            self.position += 1
        }
        return unit
    }

    // MARK: Octets

    private func peek() throws(JSON.ParseError) -> UInt8 {
        guard self.position < self.bytes.count else { throw self.error(.unexpectedEnd) }
        return self.bytes[self.position]
    }

    private func at(_ byte: UInt8) -> Bool {
        self.position < self.bytes.count && self.bytes[self.position] == byte
    }

    private mutating func skipWhitespace() {
        while self.position < self.bytes.count {
            switch self.bytes[self.position] {
            case 0x20, 0x0A, 0x0D, 0x09: self.position += 1
            default: return
            }
        }
    }

    private func slice(_ start: Int, _ end: Int) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(rebasing: self.bytes[start..<end])
    }

    private func error(_ reason: JSON.ParseError.Reason) -> JSON.ParseError {
        JSON.ParseError(reason: reason, offset: self.position)
    }
}
