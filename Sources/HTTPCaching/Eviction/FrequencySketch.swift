// SPDX-License-Identifier: Apache-2.0

/// How often keys were asked for of late, whether their answers are stored or not: a count-min sketch of four bits a
/// counter, whose counters are halved from time to time, so that it forgets (TinyLFU, Einziger et al. 2017).
///
/// The four counters of a key stand in one block of 64 octets, so that asking costs one line of the processor's cache.
struct FrequencySketch: Sendable {
    private static let wordsPerBlock = 8
    /// The most that a counter can say.
    static let maximum = 15

    /// Sixteen counters each. The number of blocks is a power of two.
    private var words = [UInt64](repeating: 0, count: FrequencySketch.wordsPerBlock)
    private var additions = 0

    private var blockMask: UInt64 { UInt64(self.words.count / Self.wordsPerBlock - 1) }

    /// Makes it large enough for so many keys. What it has counted stays.
    mutating func reserve(keys: Int) {
        // A mask with one bit more finds what was counted in either half.
        while self.words.count < keys { self.words += self.words }
    }

    /// - Parameter hash: Of a key, with every bit as good as any other.
    mutating func add(_ hash: UInt64) {
        var isCounted = false
        Self.forEachCounter(of: hash, in: self.blockMask) { word, shift in
            guard self.words[word] >> shift & 0xF < Self.maximum else { return }
            self.words[word] += 1 << shift
            isCounted = true
        }
        guard isCounted else { return }
        self.additions += 1
        if self.additions >= 10 * self.words.count { self.halve() }
    }

    /// How often the key was added, from 0 to 15; perhaps more than that, never less, but for what is forgotten.
    func estimate(_ hash: UInt64) -> Int {
        var least = UInt64(Self.maximum)
        Self.forEachCounter(of: hash, in: self.blockMask) { word, shift in
            least = min(least, self.words[word] >> shift & 0xF)
        }
        return Int(least)
    }

    private static func forEachCounter(of hash: UInt64, in mask: UInt64, _ body: (_ word: Int, _ shift: UInt64) -> Void)
    {
        let block = Int(hash & mask) * Self.wordsPerBlock
        var bits = hash >> 32
        for row in 0..<4 {
            body(block + 2 * row + Int(bits & 1), (bits >> 1 & 0xF) * 4)
            bits >>= 8
        }
    }

    private mutating func halve() {
        for index in self.words.indices { self.words[index] = self.words[index] >> 1 & 0x7777_7777_7777_7777 }
        self.additions /= 2
    }
}
