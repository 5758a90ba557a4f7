// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One line while it is written: text with `key=value` fields, or one JSON object, by the same calls.
///
/// What a peer sent is escaped, so that no value ends its line, forges another or speaks to a terminal.
struct LogLine {
    let isJSON: Bool
    private let start: UnsafeMutablePointer<UInt8>
    private let room: Int
    private(set) var count = 0
    /// Whether it did not fit; then it is not to be used.
    private(set) var isCut = false

    /// - Parameter start: Valid for the room, and for as long as the line is used.
    init(isJSON: Bool, _ start: UnsafeMutablePointer<UInt8>, upTo room: Int) {
        self.isJSON = isJSON
        self.start = start
        self.room = room
    }

    mutating func begin(at time: LogTimestamp) {
        if self.isJSON { self.append(#"{"time":""#) }
        time.text.withUnsafeBufferPointer { self.append($0) }
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
    }

    mutating func end() {
        self.append(self.isJSON ? "}\n" : "\n")
    }

    /// A value that text shows without its key: the level, the message.
    mutating func positional(_ key: StaticString, _ value: String) {
        if self.isJSON {
            self.open(key)
            self.append(value, within: .quote)
        } else {
            self.append(UInt8(ascii: " "))
            self.append(value, within: .line)
        }
    }

    /// The same with one of the proxy's own words, which have nothing to escape.
    mutating func positional(_ key: StaticString, word: String) {
        self.openPositional(key)
        self.append(word)
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
    }

    /// The same in pieces.
    mutating func positional(_ key: StaticString, words first: String, _ second: String, _ third: String) {
        self.openPositional(key)
        self.append(first)
        self.append(second)
        self.append(third)
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
    }

    private mutating func openPositional(_ key: StaticString) {
        guard self.isJSON else { return self.append(UInt8(ascii: " ")) }
        self.open(key)
        self.append(UInt8(ascii: "\""))
    }

    /// One of the proxy's own words. Absent is `-` in text and `null` in JSON, so that every line of a kind has the same
    /// fields.
    mutating func field(_ key: StaticString, word: String?) {
        self.open(key)
        guard let word else { return self.append(self.isJSON ? "null" : "-") }
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
        self.append(word)
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
    }

    mutating func field(_ key: StaticString, _ value: String) {
        self.open(key)
        self.append(value, within: self.isJSON ? .quote : .word)
    }

    /// A field whose name is not known beforehand.
    mutating func field(named name: String, _ value: String) {
        self.append(self.isJSON ? UInt8(ascii: ",") : UInt8(ascii: " "))
        self.append(name, within: self.isJSON ? .quote : .word)
        self.append(self.isJSON ? UInt8(ascii: ":") : UInt8(ascii: "="))
        self.append(value, within: self.isJSON ? .quote : .word)
    }

    mutating func field(_ key: StaticString, _ id: RequestID) {
        self.open(key)
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
        id.write(to: &self)
        if self.isJSON { self.append(UInt8(ascii: "\"")) }
    }

    mutating func field(_ key: StaticString, _ value: Int) {
        self.open(key)
        self.append(value)
    }

    /// In milliseconds with three decimals.
    mutating func field(_ key: StaticString, _ value: TimeAmount) {
        self.open(key)
        let microseconds = Int(max(0, value.nanoseconds) / 1000)
        self.append(microseconds / 1000)
        self.append(UInt8(ascii: "."))
        self.append(threeDigits: microseconds % 1000)
    }

    /// Fields as they are on a line, to be put on others of the same format.
    struct Excerpt {
        fileprivate let isJSON: Bool
        fileprivate let octets: [UInt8]
    }

    /// Puts down again what an earlier line had in this place, or has it written and keeps it for the next ones.
    mutating func again(_ excerpt: inout Excerpt?, _ write: (inout LogLine) -> Void) {
        if let excerpt, excerpt.isJSON == self.isJSON {
            return excerpt.octets.withUnsafeBufferPointer { self.append($0) }
        }
        let place = self.count
        write(&self)
        guard !self.isCut else { return }
        let octets = UnsafeBufferPointer(start: self.start + place, count: self.count - place)
        excerpt = Excerpt(isJSON: self.isJSON, octets: Array(octets))
    }

    /// Keys need no escaping: they are ours.
    private mutating func open(_ key: StaticString) {
        let length = key.utf8CodeUnitCount
        // One look at the room for the key and all that is around it.
        guard length + 4 <= self.room - self.count else {
            self.isCut = true
            return
        }
        if self.isJSON {
            self.append(",\"")
            self.append(key)
            self.append("\":")
        } else {
            let start = self.start + self.count
            start.pointee = UInt8(ascii: " ")
            (start + 1).update(from: key.utf8Start, count: length)
            start[length + 1] = UInt8(ascii: "=")
            self.count += length + 2
        }
    }
}

// MARK: Bytes

extension LogLine {
    @inline(__always)
    mutating func append(_ byte: UInt8) {
        guard self.count < self.room else {
            self.isCut = true
            return
        }
        self.start[self.count] = byte
        self.count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, bytes.count <= self.room - self.count else {
            self.isCut = self.isCut || !bytes.isEmpty
            return
        }
        (self.start + self.count).update(from: source, count: bytes.count)
        self.count += bytes.count
    }

    @inline(__always)
    mutating func append(_ text: StaticString) {
        self.append(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func append(_ text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ self.append($0) }) == nil {
            for byte in text.utf8 { self.append(byte) }
        }
    }

    mutating func append(_ number: Int) {
        guard number >= 0 else { return self.append(String(number)) }
        guard number < 1000 else {
            self.append(number / 1000)
            return self.append(threeDigits: number % 1000)
        }
        if number >= 100 { return self.append(threeDigits: number) }
        if number >= 10 { self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10)) }
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }

    /// - Parameter number: 0 to 999.
    @inline(__always)
    private mutating func append(threeDigits number: Int) {
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 100))
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}
