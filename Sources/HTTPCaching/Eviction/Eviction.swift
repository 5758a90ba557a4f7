// SPDX-License-Identifier: Apache-2.0

/// Decides which entry goes when there is no room: W-TinyLFU, or LRU while that does better.
///
/// W-TinyLFU keeps what is asked for often, and so is above LRU on nearly everything that a cache for APIs sees, scans
/// included; but where what was asked for a moment ago is what is asked for next, whatever was popular before, it can be
/// far below. So two shadows of a sixteenth of the keys play both, and the window is as large as in the one that had more
/// hits of late. Measured in `Benchmarks/HitRatio`: no climbing by small steps follows a change of mind in time.
package struct Eviction: Sendable {
    package typealias Slot = Int32

    /// As much as W-TinyLFU needs for answers to be asked for a second time.
    private static let smallWindow = 0.01

    private var queues = EvictionQueues(windowShare: Eviction.smallWindow)
    private var sketch = FrequencySketch()
    private var recency = ShadowCache(windowShare: 1)
    private var frequency = ShadowCache(windowShare: Eviction.smallWindow)
    /// One of so many keys is played by the shadows; a power of two.
    private var sampling: UInt64 = 1
    /// How much there was when something had to go; until then there is room for everything.
    private var capacity: Int?
    private var coin: UInt64 = 0x9E37_79B9_7F4A_7C15

    package init() {}

    /// The sum of what the entries weigh, in octets.
    package var weight: Int { self.queues.weight }
    package var count: Int { self.queues.count }

    /// A new entry, which was asked for once.
    ///
    /// - Parameters:
    ///   - hash: Of its key, with every bit as good as any other.
    ///   - weight: In octets, up to 4 GiB.
    /// - Returns: The number by which the entry is known until it is removed.
    package mutating func insert(_ hash: UInt64, weight: Int) -> Slot {
        let slot = self.queues.insert(hash, weight: weight)
        self.sketch.reserve(keys: self.queues.count)
        self.count(hash, weight: weight)
        return slot
    }

    /// The entry was asked for.
    package mutating func use(_ slot: Slot) {
        self.queues.use(slot)
        self.count(self.queues.hash(of: slot), weight: self.queues.weight(of: slot))
    }

    /// The entry weighs something else now.
    package mutating func weigh(_ slot: Slot, _ weight: Int) { self.queues.weigh(slot, weight) }

    package mutating func remove(_ slot: Slot) { self.queues.remove(slot) }

    /// Removes the entry that is worth least; nil if there is none.
    package mutating func evict() -> Slot? {
        self.capacity = self.queues.weight
        return self.queues.evict(by: self.sketch, coin: self.toss())
    }

    private mutating func count(_ hash: UInt64, weight: Int) {
        self.sketch.add(hash)
        self.growSample()
        // While there is room for everything, there is nothing to decide.
        guard let room = self.capacity, hash >> 56 & (self.sampling - 1) == 0 else { return }
        let capacity = room / Int(self.sampling)
        // As many accesses as there are entries: longer, and the score tells of what is no longer true.
        let fading = 1 - 1 / Double(max(self.recency.count, 64))
        let coin = self.toss()
        self.recency.access(hash, weight: weight, capacity: capacity, fading: fading, by: self.sketch, coin: coin)
        self.frequency.access(hash, weight: weight, capacity: capacity, fading: fading, by: self.sketch, coin: coin)
        if self.recency.score > self.frequency.score {
            self.queues.windowShare = 1
        } else if self.recency.score < self.frequency.score {
            self.queues.windowShare = Self.smallWindow
        }
    }

    /// A shadow of at least 256 entries, where there are so many.
    private mutating func growSample() {
        guard self.sampling < 16, self.queues.count >= Int(self.sampling) * 512 else { return }
        self.sampling *= 2
        self.recency = ShadowCache(windowShare: 1)
        self.frequency = ShadowCache(windowShare: Self.smallWindow)
    }

    /// xorshift64.
    private mutating func toss() -> UInt64 {
        self.coin ^= self.coin << 13
        self.coin ^= self.coin >> 7
        self.coin ^= self.coin << 17
        return self.coin
    }
}
