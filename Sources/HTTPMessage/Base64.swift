// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// Base64 with the standard alphabet and padding (RFC 4648, 4), and nothing else: no line breaks, no stray bits.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    private static let invalid: UInt8 = 0xFF

    /// The value of each octet of the alphabet.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: Self.invalid, count: 256)
        for (value, octet) in Self.alphabet.enumerated() { values[Int(octet)] = UInt8(value) }
        return values
    }()

    package static func encode(_ content: ByteBuffer) -> String {
        let length = (content.readableBytes + 2) / 3 * 4
        return String(unsafeUninitializedCapacity: length) { output in
            content.withUnsafeReadableBytes { input in
                Self.alphabet.withUnsafeBufferPointer { alphabet in Self.encode(input, alphabet, into: output) }
            }
            return length
        }
    }

    private static func encode(
        _ input: UnsafeRawBufferPointer,
        _ alphabet: UnsafeBufferPointer<UInt8>,
        into output: UnsafeMutableBufferPointer<UInt8>
    ) {
        var position = 0
        for start in stride(from: 0, to: input.count, by: 3) {
            let octets = min(3, input.count - start)
            var group = UInt32(input[start]) << 16
            if octets > 1 { group |= UInt32(input[start + 1]) << 8 }
            if octets > 2 { group |= UInt32(input[start + 2]) }
            output[position] = alphabet[Int(group >> 18)]
            output[position + 1] = alphabet[Int(group >> 12 & 63)]
            output[position + 2] = octets > 1 ? alphabet[Int(group >> 6 & 63)] : Self.padding
            output[position + 3] = octets > 2 ? alphabet[Int(group & 63)] : Self.padding
            position += 4
        }
    }

    /// Octets that a text of this length stands for, at most.
    package static func decodedLength(_ text: Substring.UTF8View) -> Int { text.count / 4 * 3 }

    /// Returns nil for what `encode` would not have written.
    package static func decode(_ text: Substring) -> ByteBuffer? {
        text.utf8.withContiguousStorageIfAvailable { Self.decode($0) } ?? Self.decode(Array(text.utf8))
    }

    private static func decode(_ input: some RandomAccessCollection<UInt8>) -> ByteBuffer? {
        guard input.count % 4 == 0 else { return nil }
        let padding = input.suffix(2).reversed().prefix { $0 == Self.padding }.count
        let octets = input.count / 4 * 3 - padding
        var content = ByteBuffer()
        var isValid = true
        content.writeWithUnsafeMutableBytes(minimumWritableBytes: input.count / 4 * 3) { output in
            isValid = Self.decode(input.dropLast(padding), into: output)
            return isValid ? octets : 0
        }
        return isValid ? content : nil
    }

    private static func decode(
        _ digits: some RandomAccessCollection<UInt8>,
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        var group: UInt32 = 0
        var bits = 0
        var position = 0
        return Self.values.withUnsafeBufferPointer { values in
            for digit in digits {
                let value = values[Int(digit)]
                guard value != Self.invalid else { return false }
                group = group << 6 | UInt32(value)
                bits += 6
                if bits >= 8 {
                    bits -= 8
                    output[position] = UInt8(truncatingIfNeeded: group >> UInt32(bits))
                    position += 1
                }
            }
            return group & (1 << UInt32(bits) - 1) == 0
        }
    }
}
