// SPDX-License-Identifier: Apache-2.0

import HTTPCaching

protocol SimulatedCache {
    /// Asks for a key, which is stored if it was not.
    ///
    /// - Returns: Whether it was.
    mutating func access(_ key: UInt64, weight: Int) -> Bool
}

/// What the store of Windbreak does.
struct Windbreak: SimulatedCache {
    private let capacity: Int
    private var slots: [UInt64: Eviction.Slot] = [:]
    private var keys: [Eviction.Slot: UInt64] = [:]
    private var eviction = Eviction()

    init(capacity: Int) { self.capacity = capacity }

    mutating func access(_ key: UInt64, weight: Int) -> Bool {
        if let slot = self.slots[key] {
            self.eviction.use(slot)
            return true
        }
        let slot = self.eviction.insert(Random.mixed(key), weight: weight)
        self.slots[key] = slot
        self.keys[slot] = key
        while self.eviction.weight > self.capacity, let slot = self.eviction.evict() {
            if let key = self.keys.removeValue(forKey: slot) { self.slots[key] = nil }
        }
        return false
    }
}

/// What was not used for longest goes first.
struct LeastRecentlyUsed: SimulatedCache {
    private let capacity: Int
    private var uses: [UInt64: (use: Int, weight: Int)] = [:]
    private var order: [(key: UInt64, use: Int)] = []
    private var oldest = 0
    private var weight = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func access(_ key: UInt64, weight: Int) -> Bool {
        let isHit = self.uses.updateValue((self.order.count, weight), forKey: key) != nil
        self.order.append((key, self.order.count))
        if !isHit { self.weight += weight }
        while self.weight > self.capacity {
            let (key, use) = self.order[self.oldest]
            self.oldest += 1
            guard let entry = self.uses[key], entry.use == use else { continue }
            self.uses[key] = nil
            self.weight -= entry.weight
        }
        return isHit
    }
}
