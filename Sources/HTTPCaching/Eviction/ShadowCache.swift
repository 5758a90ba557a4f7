// SPDX-License-Identifier: Apache-2.0

/// What a cache of one kind would hold of a sample of the keys, and how often it would have had the answer of late.
struct ShadowCache: Sendable {
    private var slots: [UInt64: EvictionQueues.Slot] = [:]
    /// By slot.
    private var hashes: [UInt64] = []
    private var queues: EvictionQueues
    /// Hits of late; each counts for less, the longer ago it was.
    private(set) var score = 0.0

    init(windowShare: Double) { self.queues = EvictionQueues(windowShare: windowShare) }

    var count: Int { self.queues.count }

    /// - Parameters:
    ///   - capacity: In octets.
    ///   - fading: What earlier hits still count for, from 0 to 1.
    mutating func access(
        _ hash: UInt64,
        weight: Int,
        capacity: Int,
        fading: Double,
        by sketch: FrequencySketch,
        coin: UInt64
    ) {
        self.score *= fading
        if let slot = self.slots[hash] {
            self.score += 1
            self.queues.use(slot)
            self.queues.weigh(slot, weight)
        } else {
            guard weight <= capacity else { return }
            let slot = self.queues.insert(hash, weight: weight)
            self.slots[hash] = slot
            if Int(slot) == self.hashes.count { self.hashes.append(hash) } else { self.hashes[Int(slot)] = hash }
        }
        while self.queues.weight > capacity, let slot = self.queues.evict(by: sketch, coin: coin) {
            self.slots[self.hashes[Int(slot)]] = nil
        }
    }
}
