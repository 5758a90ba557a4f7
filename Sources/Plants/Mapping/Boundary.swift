// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The boundary of a form, made from what it bounds: the same photo is the same bytes, whoever sends it and when.
enum Boundary {
    static func make(for contents: [ByteBuffer]) -> String {
        var hash = contents.reduce(into: UInt64(0xCBF2_9CE4_8422_2325)) { hash, content in
            content.withUnsafeReadableBytes { Self.mix($0, into: &hash) }
        }
        while true {
            let digits = String(hash, radix: 16)
            let boundary = "windbreak-" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
            // An image can be made that holds its own boundary (RFC 2046, 5.1.1); the next one it does not hold.
            if !contents.contains(where: { Self.occurs(Array(boundary.utf8), in: $0) }) { return boundary }
            hash &+= 1
        }
    }

    /// FNV-1a over words of eight octets, with the length mixed in: quick, and nothing is protected by it.
    private static func mix(_ bytes: UnsafeRawBufferPointer, into hash: inout UInt64) {
        let prime: UInt64 = 0x0000_0100_0000_01B3
        let words = bytes.count / 8
        for word in 0..<words {
            hash = (hash ^ bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self).littleEndian) &* prime
            hash ^= hash >> 32
        }
        for byte in bytes.dropFirst(words * 8) { hash = (hash ^ UInt64(byte)) &* prime }
        hash = (hash ^ UInt64(bytes.count)) &* prime
        hash ^= hash >> 32
    }

    private static func occurs(_ needle: [UInt8], in content: ByteBuffer) -> Bool {
        content.withUnsafeReadableBytes { bytes in
            guard let first = needle.first, bytes.count >= needle.count else { return false }
            return (0...bytes.count - needle.count).contains { start in
                bytes[start] == first && bytes[start..<start + needle.count].elementsEqual(needle)
            }
        }
    }
}
