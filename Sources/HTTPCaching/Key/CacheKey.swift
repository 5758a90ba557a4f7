// SPDX-License-Identifier: Apache-2.0

/// What a stored answer answers: a SHA-256 over everything that may make a difference.
package struct CacheKey: Hashable, Sendable {
    // The digest, big-endian. Four words in place of an array need no memory of their own.
    private let first: UInt64
    private let second: UInt64
    private let third: UInt64
    private let fourth: UInt64

    /// - Parameter digest: 32 octets.
    init(digest: UnsafeRawBufferPointer) {
        self.first = UInt64(bigEndian: digest.loadUnaligned(as: UInt64.self))
        self.second = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        self.third = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        self.fourth = UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// - Parameter digest: As `digest` gave it; nil if it is not 32 octets.
    package init?(_ digest: [UInt8]) {
        guard digest.count == 32 else { return nil }
        self = digest.withUnsafeBytes { CacheKey(digest: $0) }
    }

    /// 32 octets.
    package var digest: [UInt8] {
        [self.first, self.second, self.third, self.fourth].flatMap { word in
            withUnsafeBytes(of: word.bigEndian) { Array($0) }
        }
    }

    /// Those whose hexadecimal digits begin so; nil unless there are 8 to 64.
    package static func range(_ prefix: String) -> ClosedRange<CacheKey>? {
        let digits = prefix.utf8.map { Character(UnicodeScalar($0)) }
        guard 8...64 ~= digits.count, digits.allSatisfy(\.isHexDigit) else { return nil }
        func key(filledWith digit: Character) -> CacheKey? {
            let filled = digits + Array(repeating: digit, count: 64 - digits.count)
            let octets = stride(from: 0, to: 64, by: 2).compactMap { UInt8(String(filled[$0...$0 + 1]), radix: 16) }
            return CacheKey(octets)
        }
        guard let first = key(filledWith: "0"), let last = key(filledWith: "f") else { return nil }
        return first...last
    }

    /// One of `count` shards, evenly.
    func shard(of count: Int) -> Int { Int(self.fourth % UInt64(count)) }

    /// A part of it, which for a table is as good as the whole.
    package var hash: UInt64 { self.first }

    /// The first 8 hexadecimal digits, for logs.
    package var short: String { Self.hexadecimal(self.first >> 32, digits: 8) }

    private static func hexadecimal(_ word: UInt64, digits: Int) -> String {
        String(unsafeUninitializedCapacity: digits) { text in
            for position in 0..<digits {
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(4 * (digits - 1 - position)) & 15)
                text[position] = digit < 10 ? 0x30 + digit : 0x57 + digit
            }
            return digits
        }
    }

    package func hash(into hasher: inout Hasher) {
        // A part of a digest is as good as the whole for a dictionary.
        hasher.combine(self.first)
    }
}

extension CacheKey: Comparable {
    package static func < (one: CacheKey, other: CacheKey) -> Bool {
        (one.first, one.second, one.third, one.fourth) < (other.first, other.second, other.third, other.fourth)
    }
}

extension CacheKey: CustomStringConvertible {
    /// 64 hexadecimal digits.
    package var description: String {
        [self.first, self.second, self.third, self.fourth].map { Self.hexadecimal($0, digits: 16) }.joined()
    }
}
