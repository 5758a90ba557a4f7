// SPDX-License-Identifier: Apache-2.0

/// The value of a field while it is put together, piece by piece and where it is going to stand: many fields that
/// every answer gets are made of words and numbers, and a string of them would be one more allocation each.
package struct FieldValue: ~Copyable {
    var bytes: [UInt8]

    init(after bytes: consuming [UInt8]) { self.bytes = bytes }

    @inline(__always)
    package mutating func append(_ word: StaticString) {
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    package mutating func append(_ text: String) { self.bytes.append(contentsOf: text.utf8) }

    /// In decimal digits.
    package mutating func append(_ number: Int) {
        if number < 0 { self.bytes.append(UInt8(ascii: "-")) }
        var unit: UInt = 1
        while unit <= number.magnitude / 10 { unit *= 10 }
        while unit > 0 {
            self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number.magnitude / unit % 10))
            unit /= 10
        }
    }
}
