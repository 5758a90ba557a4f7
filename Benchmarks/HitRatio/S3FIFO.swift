// SPDX-License-Identifier: Apache-2.0

/// S3-FIFO (Yang et al. 2023), for comparison: a tenth for what is new, a ghost of what left it, three uses counted.
struct S3FIFO: SimulatedCache {
    private struct Entry {
        var weight: Int
        var uses = 0
    }

    private struct Queue {
        private var keys: [UInt64] = []
        private var oldest = 0
        var weight = 0

        mutating func push(_ key: UInt64) { self.keys.append(key) }

        mutating func pop() -> UInt64? {
            guard self.oldest < self.keys.count else { return nil }
            defer { self.oldest += 1 }
            return self.keys[self.oldest]
        }
    }

    private let capacity: Int
    private var entries: [UInt64: Entry] = [:]
    private var small = Queue()
    private var main = Queue()
    /// By the number of the eviction.
    private var ghosts: [UInt64: Int] = [:]
    private var evicted: [(key: UInt64, weight: Int)] = []
    private var oldestGhost = 0
    private var ghostWeight = 0

    init(capacity: Int) { self.capacity = capacity }

    mutating func access(_ key: UInt64, weight: Int) -> Bool {
        if let uses = self.entries[key]?.uses {
            self.entries[key]?.uses = min(3, uses + 1)
            return true
        }
        guard weight <= self.capacity else { return false }
        while self.small.weight + self.main.weight + weight > self.capacity { self.evict() }
        self.entries[key] = Entry(weight: weight)
        if self.ghosts.removeValue(forKey: key) != nil {
            self.main.push(key)
            self.main.weight += weight
        } else {
            self.small.push(key)
            self.small.weight += weight
        }
        return false
    }

    private mutating func evict() {
        if self.small.weight > self.capacity / 10 || self.main.weight == 0 {
            self.evictSmall()
        } else {
            self.evictMain()
        }
    }

    private mutating func evictSmall() {
        guard let key = self.small.pop(), let entry = self.entries[key] else { return }
        self.small.weight -= entry.weight
        if entry.uses > 1 {
            self.entries[key]?.uses = 0
            self.main.push(key)
            self.main.weight += entry.weight
        } else {
            self.entries[key] = nil
            self.remember(key, weight: entry.weight)
        }
    }

    private mutating func evictMain() {
        while let key = self.main.pop(), let entry = self.entries[key] {
            guard entry.uses > 0 else {
                self.entries[key] = nil
                self.main.weight -= entry.weight
                return
            }
            self.entries[key]?.uses -= 1
            self.main.push(key)
        }
    }

    private mutating func remember(_ key: UInt64, weight: Int) {
        self.ghosts[key] = self.evicted.count
        self.evicted.append((key, weight))
        self.ghostWeight += weight
        while self.ghostWeight > self.capacity / 10 * 9 {
            let ghost = self.evicted[self.oldestGhost]
            if self.ghosts[ghost.key] == self.oldestGhost { self.ghosts[ghost.key] = nil }
            self.ghostWeight -= ghost.weight
            self.oldestGhost += 1
        }
    }
}
