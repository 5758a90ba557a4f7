// SPDX-License-Identifier: Apache-2.0

/// A field's value while it is put together, piece by piece, in a room on the stack: many fields that every answer gets
/// are made of words and numbers, and a string of them would be one more allocation each.
///
/// There is room for 256 octets. What does not fit is not written at all.
package struct FieldValue: ~Copyable {
    static let room = 256

    private let start: UnsafeMutablePointer<UInt8>
    private var count = 0
    private var isCut = false

    /// - Parameter room: Of `FieldValue.room` octets, valid for as long as the value is used.
    init(in room: UnsafeMutablePointer<UInt8>) { self.start = room }

    /// What was written; nil if not all of it fitted.
    var octets: UnsafeRawBufferPointer? {
        self.isCut ? nil : UnsafeRawBufferPointer(start: self.start, count: self.count)
    }

    @inline(__always)
    package mutating func append(_ word: StaticString) {
        self.append(UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    package mutating func append(_ text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ self.append($0) }) == nil {
            for byte in text.utf8 { self.append(byte) }
        }
    }

    /// In decimal digits.
    package mutating func append(_ number: Int) {
        if number < 0 { self.append(UInt8(ascii: "-")) }
        var unit: UInt = 1
        while unit <= number.magnitude / 10 { unit *= 10 }
        while unit > 0 {
            self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number.magnitude / unit % 10))
            unit /= 10
        }
    }

    @inline(__always)
    private mutating func append(_ octets: UnsafeBufferPointer<UInt8>) {
        guard let source = octets.baseAddress, octets.count <= Self.room - self.count else {
            self.isCut = self.isCut || !octets.isEmpty
            return
        }
        (self.start + self.count).update(from: source, count: octets.count)
        self.count += octets.count
    }

    @inline(__always)
    private mutating func append(_ octet: UInt8) {
        guard self.count < Self.room else {
            self.isCut = true
            return
        }
        self.start[self.count] = octet
        self.count += 1
    }
}
