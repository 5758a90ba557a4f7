// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The fields of one message head: ordered, looked up without regard to case (RFC 9110, 5.1).
///
/// The fields stand in one block of bytes as lines of HTTP/1, with a table of positions beside it, so that a head of ten
/// fields costs two allocations instead of twenty, and is written out again by copying.
package struct HeaderFields: Sendable {
    /// Where one line stands in the block: `name: value` and its line break.
    struct Entry: Sendable {
        var start: UInt32
        var nameLength: UInt16
        var valueLength: UInt32

        var name: Range<Int> { Int(self.start)..<Int(self.start) + Int(self.nameLength) }
        var value: Range<Int> { self.name.upperBound + 2..<self.name.upperBound + 2 + Int(self.valueLength) }
        var line: Range<Int> { Int(self.start)..<self.value.upperBound + 2 }
    }

    var bytes: [UInt8]
    var entries: [Entry]
    /// One bit for each name that was ever added, by its length and its first letter. Most names that are asked for are
    /// not there, and this tells so without a look at the lines.
    private(set) var names: UInt64 = 0
    /// Whether lines were taken out, which are still in the block then.
    var hasGaps = false

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
        self.hasGaps ? self.entries.reduce(0) { $0 + $1.line.count } : self.bytes.count
    }

    // MARK: Reading

    /// The value of the first field of this name.
    package subscript(name: String) -> String? {
        guard self.mayContain(name) else { return nil }
        for entry in self.entries where self.matches(entry, name) { return self.string(entry.value) }
        return nil
    }

    package func contains(_ name: String) -> Bool {
        self.mayContain(name) && self.entries.contains { self.matches($0, name) }
    }

    /// How many lines carry this name.
    package func count(of name: String) -> Int {
        self.mayContain(name) ? self.entries.count { self.matches($0, name) } : 0
    }

    /// The values of all fields of this name, in order, one for each line.
    package func values(of name: String) -> [String] {
        guard self.mayContain(name) else { return [] }
        return self.entries.compactMap { self.matches($0, name) ? self.string($0.value) : nil }
    }

    /// The octets of the value of the first field of this name: they need not be text, and where they are, text that looks
    /// the same need not be the same (RFC 9110, 5.5).
    package func octets(of name: String) -> [UInt8]? {
        guard self.mayContain(name), let entry = self.entries.first(where: { self.matches($0, name) }) else {
            return nil
        }
        return Array(self.bytes[entry.value])
    }

    package func forEach(_ body: (_ name: String, _ value: String) throws -> Void) rethrows {
        for entry in self.entries { try body(self.string(entry.name), self.string(entry.value)) }
    }

    /// Lends the octets of the values of all fields of this name, in order. A `String` of them would make one of all
    /// octets that are no UTF-8.
    package func forEachValue(of name: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard self.mayContain(name) else { return }
        self.bytes.withUnsafeBytes { bytes in
            for entry in self.entries where self.matches(entry, name) {
                body(UnsafeRawBufferPointer(rebasing: bytes[entry.value]))
            }
        }
    }

    /// Writes every field as a line of HTTP/1 (RFC 9112, 5).
    package func write(to buffer: inout ByteBuffer) {
        self.bytes.withUnsafeBytes { bytes in
            guard self.hasGaps else {
                buffer.writeBytes(bytes)
                return
            }
            for entry in self.entries { buffer.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[entry.line])) }
        }
    }

    // MARK: Changing

    package mutating func add(_ name: String, _ value: String) { self.add(name, octets: value.utf8) }

    /// Adds a field whose value need not be text.
    package mutating func add(_ name: String, octets: some Sequence<UInt8>) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: name.utf8)
        self.endName()
        self.bytes.append(contentsOf: octets)
        self.endLine(from: start, nameLength: name.utf8.count)
    }

    /// Adds a field whose value the closure puts together.
    package mutating func add(_ name: String, _ write: (inout FieldValue) -> Void) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: FieldValue.room) { room in
            guard let start = room.baseAddress else { return }
            var value = FieldValue(in: start)
            write(&value)
            guard let octets = value.octets else { return }
            var name = name
            name.withUTF8 { self.add(name: UnsafeRawBufferPointer($0), value: octets) }
        }
    }

    /// Adds one field from the octets of a received head.
    package mutating func add(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
        let start = self.bytes.count
        self.bytes.append(contentsOf: name)
        self.endName()
        self.bytes.append(contentsOf: value)
        self.endLine(from: start, nameLength: name.count)
    }

    /// Replaces every field of this name by one.
    package mutating func set(_ name: String, _ value: String) {
        self.remove(name)
        self.add(name, value)
    }

    package mutating func remove(_ name: String) {
        guard self.contains(name) else { return }
        let bytes = self.bytes
        self.entries.removeAll { Self.matches($0, name, in: bytes) }
        self.hasGaps = true
    }

    package mutating func removeAll(where isUnwanted: (_ name: String) -> Bool) {
        let bytes = self.bytes
        self.entries.removeAll { isUnwanted(Self.string($0.name, in: bytes)) }
        self.hasGaps = true
    }

    /// Makes room for more lines, so that adding them allocates at most once.
    package mutating func reserve(bytes: Int, fields: Int) {
        self.bytes.reserveCapacity(self.bytes.count + bytes)
        self.entries.reserveCapacity(self.entries.count + fields)
    }

    // MARK: Bytes

    private mutating func endName() {
        self.bytes.append(0x3A)
        self.bytes.append(0x20)
    }

    private mutating func endLine(from start: Int, nameLength: Int) {
        let valueLength = self.bytes.count - start - nameLength - 2
        self.bytes.append(0x0D)
        self.bytes.append(0x0A)
        self.entries.append(
            Entry(
                start: UInt32(truncatingIfNeeded: start),
                nameLength: UInt16(truncatingIfNeeded: nameLength),
                valueLength: UInt32(truncatingIfNeeded: valueLength)
            )
        )
        self.names |= Self.bit(length: nameLength, first: nameLength > 0 ? self.bytes[start] : 0)
    }

    static func bit(length: Int, first: UInt8) -> UInt64 {
        1 << UInt64(truncatingIfNeeded: ((length &* 29) ^ Int(first.lowercasedASCII)) & 63)
    }

    @inline(__always)
    private func mayContain(_ name: String) -> Bool {
        self.names & Self.bit(of: name) != 0
    }

    @inline(__always)
    static func bit(of name: String) -> UInt64 { self.bit(length: name.utf8.count, first: name.utf8.first ?? 0) }

    @inline(__always)
    private func matches(_ entry: Entry, _ name: String) -> Bool { Self.matches(entry, name, in: self.bytes) }

    @inline(__always)
    private static func matches(_ entry: Entry, _ name: String, in bytes: [UInt8]) -> Bool {
        // The length tells nearly all names apart, without a call.
        Int(entry.nameLength) == name.utf8.count && Self.hasName(entry, name, in: bytes)
    }

    @inline(never)
    private static func hasName(_ entry: Entry, _ name: String, in bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { UnsafeRawBufferPointer(rebasing: $0[entry.name]).equalsIgnoringCase(name) }
    }

    private func string(_ range: Range<Int>) -> String { Self.string(range, in: self.bytes) }

    private static func string(_ range: Range<Int>, in bytes: [UInt8]) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}

extension HeaderFields {
    /// Lends the octets of all fields, in order.
    package func forEachOctets(_ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void) {
        self.bytes.withUnsafeBytes { bytes in
            for entry in self.entries {
                body(
                    UnsafeRawBufferPointer(rebasing: bytes[entry.name]),
                    UnsafeRawBufferPointer(rebasing: bytes[entry.value])
                )
            }
        }
    }
}

// MARK: Packing

extension HeaderFields {
    private static let packedEntry = 6

    /// What packing adds to the octets of so many fields.
    package static func packedOverhead(count: Int) -> Int { 8 + count * self.packedEntry }

    /// Octets that the fields take when they are packed.
    package var packedLength: Int { Self.packedOverhead(count: self.count) + self.wireLength }

    /// Writes the fields so that they can be had again without looking at them.
    package func pack(into buffer: inout ByteBuffer) {
        buffer.writeInteger(self.names)
        for entry in self.entries { buffer.writeMultipleIntegers(entry.nameLength, entry.valueLength) }
        self.write(to: &buffer)
    }

    /// - Parameters:
    ///   - packed: As `pack` wrote it.
    ///   - count: How many fields there are.
    ///   - bytes: Room for more octets, and `fields` for more lines.
    package init(unpacking packed: UnsafeRawBufferPointer, count: Int, reservingBytes bytes: Int, fields: Int) {
        let lines = Self.packedOverhead(count: count)
        guard packed.count >= lines else {
            self.init()
            return
        }
        self.init(reservingBytes: packed.count - lines + bytes, fields: count + fields)
        self.names = UInt64(bigEndian: packed.loadUnaligned(as: UInt64.self))
        self.bytes.append(contentsOf: packed[lines...])
        var start: UInt32 = 0
        for offset in stride(from: 8, to: lines, by: Self.packedEntry) {
            let entry = Entry(
                start: start,
                nameLength: UInt16(bigEndian: packed.loadUnaligned(fromByteOffset: offset, as: UInt16.self)),
                valueLength: UInt32(bigEndian: packed.loadUnaligned(fromByteOffset: offset + 2, as: UInt32.self))
            )
            start = UInt32(truncatingIfNeeded: entry.line.upperBound)
            self.entries.append(entry)
        }
    }
}

extension HeaderFields: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { self.add(name, value) }
    }
}

extension HeaderFields: Equatable {
    /// The same fields in the same order; names without regard to case, values by their octets.
    package static func == (left: HeaderFields, right: HeaderFields) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left.entries, right.entries).allSatisfy { one, other in
            right.matches(other, left.string(one.name)) && left.bytes[one.value] == right.bytes[other.value]
        }
    }
}
