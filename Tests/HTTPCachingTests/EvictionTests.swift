// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import HTTPCaching

@Suite struct EvictionTests {
    /// A cache of nothing but keys, with room for a number of octets.
    private struct Cache {
        let capacity: Int
        var eviction = Eviction()
        var slots: [UInt64: Eviction.Slot] = [:]
        var keys: [Eviction.Slot: UInt64] = [:]

        init(capacity: Int) { self.capacity = capacity }

        mutating func access(_ key: UInt64, weight: Int = 1) -> Bool {
            if let slot = self.slots[key] {
                self.eviction.use(slot)
                return true
            }
            let slot = self.eviction.insert(key &* 0x9E37_79B9_7F4A_7C15, weight: weight)
            self.slots[key] = slot
            self.keys[slot] = key
            while self.eviction.weight > self.capacity, let slot = self.eviction.evict() {
                if let key = self.keys.removeValue(forKey: slot) { self.slots[key] = nil }
            }
            return false
        }
    }

    @Test func aScanDoesNotDriveOutWhatIsPopular() {
        var cache = Cache(capacity: 1000)
        for round in 0..<20 as Range<UInt64> {
            for key in 0..<500 as Range<UInt64> { _ = cache.access(key) }
            for key in 0..<2000 as Range<UInt64> { _ = cache.access(1_000_000 + round * 2000 + key) }
        }
        let kept = (0..<500 as Range<UInt64>).count { cache.slots[$0] != nil }
        #expect(kept > 480)
    }

    @Test func aLoopThatIsTooLargeIsAnsweredInPart() {
        var cache = Cache(capacity: 1000)
        let hits = (0..<50_000).count { cache.access(UInt64($0 % 1500)) }
        // LRU has none.
        #expect(hits > 20_000)
    }

    @Test func whatComesBackSoonIsFoundThoughOthersWereMorePopular() {
        var cache = Cache(capacity: 1000)
        for step in 0..<40_000 { _ = cache.access(UInt64(step % 800)) }
        // Every key is asked for twice, and never again.
        var hits = 0
        for step in 0..<40_000 {
            if cache.access(1_000_000 + UInt64(step)) { hits += 1 }
            if step >= 400, cache.access(1_000_000 + UInt64(step - 400)) { hits += 1 }
        }
        // LRU has all of the second ones.
        #expect(hits > 36_000)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func itsBooksAgreeWithAModel(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var eviction = Eviction()
        var model: [Eviction.Slot: Int] = [:]
        for step in 0..<3000 {
            let some = model.keys.randomElement(using: &random)
            switch (Int.random(in: 0..<6, using: &random), some) {
            case (0, let slot?):
                eviction.remove(slot)
                model[slot] = nil
            case (1, let slot?):
                let weight = Int.random(in: 1...5000, using: &random)
                eviction.weigh(slot, weight)
                model[slot] = weight
            case (2, let slot?):
                eviction.use(slot)
            case (3, _):
                let slot = eviction.evict()
                #expect((slot == nil) == model.isEmpty, "seed \(seed)")
                if let slot { #expect(model.removeValue(forKey: slot) != nil, "seed \(seed)") }
            default:
                let weight = Int.random(in: 0...5000, using: &random)
                let slot = eviction.insert(random.next() % 1000 &* 0x9E37_79B9_7F4A_7C15, weight: weight)
                #expect(model.updateValue(weight, forKey: slot) == nil, "seed \(seed)")
            }
            #expect(eviction.count == model.count, "seed \(seed)")
            if step % 100 == 0 { #expect(eviction.weight == model.values.reduce(0, +), "seed \(seed)") }
        }
        while let slot = eviction.evict() { #expect(model.removeValue(forKey: slot) != nil, "seed \(seed)") }
        #expect(model.isEmpty && eviction.weight == 0)
    }

    @Test func theSketchCountsNoLessThanThereWas() {
        var sketch = FrequencySketch()
        sketch.reserve(keys: 100)
        for key in 0..<100 as Range<UInt64> {
            for _ in 0...(key % 5) { sketch.add(key &* 0x9E37_79B9_7F4A_7C15) }
        }
        sketch.reserve(keys: 1000)
        for key in 0..<100 as Range<UInt64> {
            #expect(sketch.estimate(key &* 0x9E37_79B9_7F4A_7C15) >= Int(key % 5) + 1)
        }
        #expect(sketch.estimate(12_345 &* 0x9E37_79B9_7F4A_7C15) <= 3)
    }

    @Test func theSketchForgets() {
        var sketch = FrequencySketch()
        sketch.reserve(keys: 64)
        for _ in 0..<15 { sketch.add(7) }
        for key in 100..<2000 as Range<UInt64> { sketch.add(key &* 0x9E37_79B9_7F4A_7C15) }
        #expect(sketch.estimate(7) < 15)
    }
}
