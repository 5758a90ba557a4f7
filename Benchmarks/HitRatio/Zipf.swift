// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Numbers from 0, of which number `n` comes up in proportion to `(n + 1) ^ -0.9`.
struct Zipf {
    private var sums: [Double]

    init(count: Int) {
        var sum = 0.0
        self.sums = (1...count).map {
            sum += pow(Double($0), -0.9)
            return sum
        }
    }

    func pick(_ random: inout Random) -> Int {
        let goal = random.unit() * (self.sums.last ?? 1)
        var (low, high) = (0, self.sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if self.sums[middle] < goal { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// SplitMix64: the same numbers each time.
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        return Self.scrambled(self.state)
    }

    /// From 0 to 1, without 1.
    mutating func unit() -> Double { Double(self.next() >> 11) / Double(1 << 53) }

    /// A number that looks like any other, always the same for the same number.
    static func mixed(_ number: UInt64) -> UInt64 { self.scrambled(number &+ 0x9E37_79B9_7F4A_7C15) }

    private static func scrambled(_ number: UInt64) -> UInt64 {
        var number = number
        number = (number ^ number >> 30) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ number >> 27) &* 0x94D0_49BB_1331_11EB
        return number ^ number >> 31
    }
}
