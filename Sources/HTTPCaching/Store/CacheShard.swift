// SPDX-License-Identifier: Apache-2.0

/// Entries by key, and which of them goes next. Every operation takes constant time, or nearly so.
struct CacheShard: Sendable {
    struct Entry: Sendable {
        let key: CacheKey
        let request: CachedRequest
        var variants: Variants
        var bytes: Int
    }

    /// What an entry costs beside its answers: its place in each of the tables, which are three quarters full on
    /// average, its counters, and its share of the shadows.
    static let overhead = MemoryLayout<Entry?>.stride + 24 + 32 + 16 + 16

    /// By a part of the key, which is as good as the whole: two keys that share it drive each other out.
    private var slots: [UInt64: Eviction.Slot] = [:]
    private var entries: [Entry?] = []
    private var eviction = Eviction()
    private(set) var statistics = CacheStatistics()

    /// What the texts take that are too long to stand in the entry itself. Those of upstreams are shared.
    private static func footprint(of request: CachedRequest) -> Int {
        request.target.utf8.count > 15 ? HeapBlock.size(32 + request.target.utf8.count) : 0
    }

    /// What is kept for a key, which counts as a use.
    mutating func use(_ key: CacheKey) -> Variants {
        guard let slot = self.slots[key.hash], let entry = self.entries[Int(slot)], entry.key == key else {
            return Variants()
        }
        self.eviction.use(slot)
        return entry.variants
    }

    /// Puts an answer before the others of its key.
    ///
    /// - Returns: How many octets more there are than before.
    mutating func insert(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest, limit: Int) -> Int {
        self.statistics.stores += 1
        if let slot = self.slots[key.hash] {
            if let entry = self.entries[Int(slot)], entry.key == key {
                return self.replace(entry, at: slot, with: entry.variants.adding(response, limit: limit))
            }
            return self.add(Variants(response), for: key, request) - self.remove(slot)
        }
        return self.add(Variants(response), for: key, request)
    }

    /// Puts older answers behind those that are there, unless they are for the same requests.
    ///
    /// - Returns: All that there are now, and how many octets more than before.
    mutating func restore(
        _ responses: [StoredResponse],
        for key: CacheKey,
        of request: CachedRequest,
        limit: Int
    ) -> (Variants, more: Int) {
        let present = self.use(key)
        let missing = responses.filter { older in !present.contains { $0.variant == older.variant } }
        let variants = Variants(Array((Array(present) + missing).prefix(limit)))
        guard !missing.isEmpty else { return (variants, 0) }
        guard let slot = self.slots[key.hash] else { return (variants, self.add(variants, for: key, request)) }
        guard let entry = self.entries[Int(slot)], entry.key == key else {
            return (variants, self.add(variants, for: key, request) - self.remove(slot))
        }
        return (variants, self.replace(entry, at: slot, with: variants))
    }

    func contains(_ key: CacheKey) -> Bool {
        self.slots[key.hash].map { self.entries[Int($0)]?.key == key } ?? false
    }

    /// What is kept for a key, without counting it as a use.
    func variants(of key: CacheKey) -> Variants {
        guard let slot = self.slots[key.hash], let entry = self.entries[Int(slot)], entry.key == key else {
            return Variants()
        }
        return entry.variants
    }

    /// What stands in some places of the table; nil beyond its end.
    func entries(from start: Int, count: Int) -> [Entry]? {
        guard start < self.entries.count else { return nil }
        return self.entries[start..<min(start + count, self.entries.count)].compactMap(\.self)
    }

    private mutating func add(_ variants: Variants, for key: CacheKey, _ request: CachedRequest) -> Int {
        let bytes = variants.footprint + Self.overhead + Self.footprint(of: request)
        let slot = self.eviction.insert(key.hash, weight: bytes)
        let entry = Entry(key: key, request: request, variants: variants, bytes: bytes)
        if Int(slot) == self.entries.count { self.entries.append(entry) } else { self.entries[Int(slot)] = entry }
        self.slots[key.hash] = slot
        self.statistics.count(request.upstream, entries: variants.count, bytes: bytes)
        return bytes
    }

    private mutating func replace(_ entry: Entry, at slot: Eviction.Slot, with variants: Variants) -> Int {
        let bytes = variants.footprint + Self.overhead + Self.footprint(of: entry.request)
        self.eviction.use(slot)
        self.eviction.weigh(slot, bytes)
        self.entries[Int(slot)]?.variants = variants
        self.entries[Int(slot)]?.bytes = bytes
        let more = bytes - entry.bytes
        self.statistics.count(entry.request.upstream, entries: variants.count - entry.variants.count, bytes: more)
        return more
    }

    /// - Returns: How many octets it took.
    mutating func remove(_ key: CacheKey) -> Int {
        guard let slot = self.slots[key.hash], self.entries[Int(slot)]?.key == key else { return 0 }
        return self.remove(slot)
    }

    private mutating func remove(_ slot: Eviction.Slot) -> Int {
        self.eviction.remove(slot)
        return self.forget(slot)
    }

    /// Removes the entry that is worth least.
    ///
    /// - Returns: How many octets it took; nil if there is none.
    mutating func evict() -> Int? {
        guard let slot = self.eviction.evict() else { return nil }
        if let entry = self.entries[Int(slot)] { self.statistics.evictions[entry.request.upstream, default: 0] += 1 }
        return self.forget(slot)
    }

    /// - Returns: How many octets they took.
    mutating func removeAll(upstream: String) -> Int {
        self.entries.indices.reduce(0) { sum, index in
            self.entries[index]?.request.upstream == upstream ? sum + self.remove(Eviction.Slot(index)) : sum
        }
    }

    private mutating func forget(_ slot: Eviction.Slot) -> Int {
        guard let entry = self.entries[Int(slot)] else { return 0 }
        self.entries[Int(slot)] = nil
        if self.slots[entry.key.hash] == slot { self.slots[entry.key.hash] = nil }
        self.statistics.count(entry.request.upstream, entries: -entry.variants.count, bytes: -entry.bytes)
        return entry.bytes
    }
}
