// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The fields of one message head: ordered, looked up without regard to case (RFC 9110, 5.1).
///
/// Names and values stand in one block of bytes with a table of positions beside it, so that a head of ten fields
/// costs two allocations instead of twenty, and is written out again by copying.
package struct HeaderFields: Sendable {
    /// Where one field stands in the block.
    private struct Entry: Sendable {
        var nameStart: UInt32
        var nameLength: UInt16
        var valueStart: UInt32
        var valueLength: UInt32
    }

    private var bytes: [UInt8]
    private var entries: [Entry]

    package init() {
        self.bytes = []
        self.entries = []
    }

    /// Makes room for a head of `bytes` octets in `fields` lines, so that filling it allocates twice only.
    package init(reservingBytes bytes: Int, fields: Int) {
        self.init()
        self.bytes.reserveCapacity(bytes)
        self.entries.reserveCapacity(fields)
    }

    package var count: Int { self.entries.count }
    package var isEmpty: Bool { self.entries.isEmpty }

    /// The octets of the fields as they are written: names, values and four octets of punctuation a line.
    package var wireLength: Int {
        self.entries.reduce(0) { $0 + Int($1.nameLength) + Int($1.valueLength) + 4 }
    }

    // MARK: Reading

    /// The value of the first field of this name.
    package subscript(name: String) -> String? {
        for entry in self.entries where self.matches(entry, name) {
            return self.string(entry.valueStart, entry.valueLength)
        }
        return nil
    }

    package func contains(_ name: String) -> Bool {
        self.entries.contains { self.matches($0, name) }
    }

    /// How many lines carry this name.
    package func count(of name: String) -> Int {
        self.entries.count { self.matches($0, name) }
    }

    /// The values of all fields of this name, in order, one for each line.
    package func values(of name: String) -> [String] {
        self.entries.compactMap { self.matches($0, name) ? self.string($0.valueStart, $0.valueLength) : nil }
    }

    /// The comma-separated members of all fields of this name, trimmed, empty ones left out (RFC 9110, 5.6.1).
    package func list(_ name: String) -> [Substring] {
        guard self.contains(name) else { return [] }
        return self.values(of: name).flatMap { value in
            // By octets: a comma and a combining mark after it are one character, but the comma still separates.
            value[...].utf8.split(separator: 0x2C).map { Substring($0).trimmingOptionalWhitespace() }
                .filter { !$0.isEmpty }
        }
    }

    /// Whether a list-valued field has this member, without regard to case.
    package func list(_ name: String, contains token: String) -> Bool {
        self.list(name).contains { $0.equalsIgnoringCase(token) }
    }

    package func forEach(_ body: (_ name: String, _ value: String) throws -> Void) rethrows {
        for entry in self.entries {
            try body(
                self.string(entry.nameStart, UInt32(entry.nameLength)),
                self.string(entry.valueStart, entry.valueLength)
            )
        }
    }

    /// Lends the octets of the values of all fields of this name, in order. A `String` of them would make one of all
    /// octets that are no UTF-8.
    package func forEachValue(of name: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        self.bytes.withUnsafeBytes { bytes in
            for entry in self.entries where self.matches(entry, name) {
                let start = Int(entry.valueStart)
                body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entry.valueLength)]))
            }
        }
    }

    /// Writes every field as a line of HTTP/1 (RFC 9112, 5).
    package func write(to buffer: inout ByteBuffer) {
        self.bytes.withUnsafeBufferPointer { bytes in
            for entry in self.entries {
                let name = Int(entry.nameStart)..<Int(entry.nameStart) + Int(entry.nameLength)
                let value = Int(entry.valueStart)..<Int(entry.valueStart) + Int(entry.valueLength)
                buffer.writeBytes(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[name])))
                buffer.writeStaticString(": ")
                buffer.writeBytes(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[value])))
                buffer.writeStaticString("\r\n")
            }
        }
    }

    // MARK: Changing

    package mutating func add(_ name: String, _ value: String) {
        let nameStart = self.bytes.count
        self.bytes.append(contentsOf: name.utf8)
        let valueStart = self.bytes.count
        self.bytes.append(contentsOf: value.utf8)
        self.append(nameStart: nameStart, valueStart: valueStart, end: self.bytes.count, nameEnd: valueStart)
    }

    /// Adds one field from the octets of a received head.
    package mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let nameStart = self.bytes.count
        self.bytes.append(contentsOf: name)
        let valueStart = self.bytes.count
        self.bytes.append(contentsOf: value)
        self.append(nameStart: nameStart, valueStart: valueStart, end: self.bytes.count, nameEnd: valueStart)
    }

    /// Replaces every field of this name by one.
    package mutating func set(_ name: String, _ value: String) {
        self.remove(name)
        self.add(name, value)
    }

    package mutating func remove(_ name: String) {
        self.entries = self.entries.filter { !self.matches($0, name) }
    }

    package mutating func removeAll(where isUnwanted: (_ name: String) -> Bool) {
        self.entries = self.entries.filter { !isUnwanted(self.string($0.nameStart, UInt32($0.nameLength))) }
    }

    // MARK: Bytes

    private mutating func append(nameStart: Int, valueStart: Int, end: Int, nameEnd: Int) {
        self.entries.append(
            Entry(
                nameStart: UInt32(truncatingIfNeeded: nameStart),
                nameLength: UInt16(truncatingIfNeeded: nameEnd - nameStart),
                valueStart: UInt32(truncatingIfNeeded: valueStart),
                valueLength: UInt32(truncatingIfNeeded: end - valueStart)
            )
        )
    }

    @inline(__always)
    private func matches(_ entry: Entry, _ name: String) -> Bool {
        // The length tells nearly all names apart, without a call.
        Int(entry.nameLength) == name.utf8.count && self.hasName(entry, name)
    }

    @inline(never)
    private func hasName(_ entry: Entry, _ name: String) -> Bool {
        var position = Int(entry.nameStart)
        for byte in name.utf8 {
            guard self.bytes[position].lowercasedASCII == byte.lowercasedASCII else { return false }
            position += 1
        }
        return true
    }

    private func string(_ start: UInt32, _ length: UInt32) -> String {
        String(decoding: self.bytes[Int(start)..<Int(start) + Int(length)], as: UTF8.self)
    }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { self.add(name, value) }
    }
}

extension HeaderFields: Equatable {
    /// The same fields in the same order; names without regard to case.
    package static func == (left: HeaderFields, right: HeaderFields) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left.entries, right.entries).allSatisfy { one, other in
            right.matches(other, left.string(one.nameStart, UInt32(one.nameLength)))
                && left.string(one.valueStart, one.valueLength) == right.string(other.valueStart, other.valueLength)
        }
    }
}
