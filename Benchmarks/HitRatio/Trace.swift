// SPDX-License-Identifier: Apache-2.0

/// Keys in the order in which they are asked for.
struct Trace {
    let name: String
    /// How many points above LRU the hit ratio has to be.
    let bound: Double
    let keys: [UInt64]
    /// Octets of the mean answer; 1 where all are the same.
    var meanWeight = 1

    /// Per cent of the requests.
    func hits(of cache: some SimulatedCache) -> Double {
        var cache = cache
        var hits = 0
        for key in self.keys where cache.access(key, weight: self.weight(of: key)) { hits += 1 }
        return 100 * Double(hits) / Double(self.keys.count)
    }

    /// From an eighth of the mean to three times as much, whatever is popular.
    private func weight(of key: UInt64) -> Int {
        guard self.meanWeight > 1 else { return 1 }
        let part = Int(Random.mixed(key) % 1000)
        return self.meanWeight / 8 + self.meanWeight * part * part / 380_000
    }

    /// What the best that knows the future would have had: the entry goes whose next use is farthest.
    func hitsOfBelady(capacity: Int) -> Double {
        var nextUse = [Int](repeating: .max, count: self.keys.count)
        var later: [UInt64: Int] = [:]
        for index in self.keys.indices.reversed() {
            nextUse[index] = later.updateValue(index, forKey: self.keys[index]) ?? .max
        }
        var heap = MaximumHeap()
        var stored: [UInt64: Int] = [:]
        var hits = 0
        for (index, key) in self.keys.enumerated() {
            if stored[key] != nil {
                hits += 1
            } else {
                // What was used again since it was pushed stands in the heap once more.
                while stored.count >= capacity, let farthest = heap.popMaximum() {
                    if stored[farthest.key] == farthest.use { stored[farthest.key] = nil }
                }
            }
            stored[key] = nextUse[index]
            heap.push(use: nextUse[index], key: key)
        }
        return 100 * Double(hits) / Double(self.keys.count)
    }
}
