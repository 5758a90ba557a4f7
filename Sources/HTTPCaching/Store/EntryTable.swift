// SPDX-License-Identifier: Apache-2.0

/// One key of the store with its answers.
struct StoreEntry: Sendable {
    let key: CacheKey
    var variants: Variants
    /// The number of what it has in common with others.
    let origin: UInt32
    /// What is counted of it, up to 4 GiB.
    var bytes: UInt32
}

/// Entries in the slots that the eviction gave them, and where they stand by a part of their keys: open addressing with
/// linear probing.
///
/// Keys are digests, so that they spread by themselves. A place takes four octets in place of the twelve and more of a
/// dictionary.
struct EntryTable: Sendable {
    private static let vacant: Eviction.Slot = -1

    private var entries: [StoreEntry?] = []
    private var places = [Eviction.Slot](repeating: EntryTable.vacant, count: 8)
    private var count = 0

    /// How many slots there are.
    var capacity: Int { self.entries.count }

    private var mask: Int { self.places.count - 1 }

    subscript(slot: Eviction.Slot) -> StoreEntry? { self.entries[Int(slot)] }

    /// Changes an entry, but for its key.
    mutating func update(_ slot: Eviction.Slot, variants: Variants, bytes: UInt32) {
        self.entries[Int(slot)]?.variants = variants
        self.entries[Int(slot)]?.bytes = bytes
    }

    /// Where a key stands, or another of which that part is the same.
    func find(_ key: CacheKey) -> Eviction.Slot? {
        var place = self.home(of: key)
        while self.places[place] != Self.vacant {
            if self.entries[Int(self.places[place])]?.key.hash == key.hash { return self.places[place] }
            place = (place + 1) & self.mask
        }
        return nil
    }

    /// Adds an entry that is not there, in a slot that is vacant, or the next one.
    mutating func insert(_ entry: StoreEntry, at slot: Eviction.Slot) {
        // Three quarters full at most, so that there is always a vacant place to end at.
        if (self.count + 1) * 4 > self.places.count * 3 { self.grow() }
        self.count += 1
        if Int(slot) == self.entries.count { self.entries.append(entry) } else { self.entries[Int(slot)] = entry }
        self.place(slot, entry.key)
    }

    /// - Returns: What was there.
    mutating func remove(_ slot: Eviction.Slot) -> StoreEntry? {
        guard let entry = self.entries[Int(slot)] else { return nil }
        var gap = self.home(of: entry.key)
        while self.places[gap] != slot { gap = (gap + 1) & self.mask }
        // What was pushed on by others moves up, so that nobody ends the search for it at the gap.
        var place = gap
        while true {
            place = (place + 1) & self.mask
            guard let other = self.key(at: place) else { break }
            guard (place - self.home(of: other)) & self.mask >= (place - gap) & self.mask else { continue }
            self.places[gap] = self.places[place]
            gap = place
        }
        self.places[gap] = Self.vacant
        self.entries[Int(slot)] = nil
        self.count -= 1
        return entry
    }

    private func key(at place: Int) -> CacheKey? {
        let slot = self.places[place]
        return slot == Self.vacant ? nil : self.entries[Int(slot)]?.key
    }

    /// By other octets than those that choose the shard.
    private func home(of key: CacheKey) -> Int { Int(truncatingIfNeeded: key.hash) & self.mask }

    private mutating func place(_ slot: Eviction.Slot, _ key: CacheKey) {
        var place = self.home(of: key)
        while self.places[place] != Self.vacant { place = (place + 1) & self.mask }
        self.places[place] = slot
    }

    private mutating func grow() {
        self.places = [Eviction.Slot](repeating: Self.vacant, count: self.places.count * 2)
        for slot in self.entries.indices {
            if let entry = self.entries[slot] { self.place(Eviction.Slot(slot), entry.key) }
        }
    }
}
