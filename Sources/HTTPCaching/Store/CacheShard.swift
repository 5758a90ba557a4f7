// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Entries by key, and which of them goes next. Every operation takes constant time, or nearly so.
struct CacheShard: Sendable {
    /// What the targets of one upstream have in common; there are few.
    private struct Origin: Hashable, Sendable {
        let upstream: String
        let method: HTTPMethod
    }

    /// What an entry costs beside its answers: its place in each of the tables, its counters, and its share of the
    /// shadows. Tables that double are three quarters full on average.
    static let overhead = (MemoryLayout<StoreEntry?>.stride + 24 + 4 + 16) * 4 / 3 + 8

    private var entries = EntryTable()
    private var origins: [Origin] = []
    private var originNumbers: [Origin: UInt32] = [:]
    private var eviction = Eviction()
    private(set) var statistics = CacheStatistics()

    /// What is kept for a key, which counts as a use.
    mutating func use(_ key: CacheKey) -> Variants {
        guard let slot = self.entries.find(key), let entry = self.entries[slot], entry.key == key else {
            return Variants()
        }
        self.eviction.use(slot)
        return entry.variants
    }

    /// What is kept for a key, without counting it as a use.
    func variants(of key: CacheKey) -> Variants {
        guard let slot = self.entries.find(key), let entry = self.entries[slot], entry.key == key else {
            return Variants()
        }
        return entry.variants
    }

    func contains(_ key: CacheKey) -> Bool { !self.variants(of: key).isEmpty }

    /// What stands in some places of the table; nil beyond its end.
    func entries(from start: Int, count: Int) -> [StoreEntry]? {
        guard start < self.entries.capacity else { return nil }
        return (start..<min(start + count, self.entries.capacity)).compactMap { self.entries[Eviction.Slot($0)] }
    }

    func request(of entry: StoreEntry) -> CachedRequest {
        let origin = self.origins[Int(entry.origin)]
        return CachedRequest(
            upstream: origin.upstream,
            method: origin.method,
            target: entry.variants.first?.target ?? ""
        )
    }

    // MARK: Keeping

    /// Puts an answer before the others of its key.
    ///
    /// - Returns: How many octets more there are than before.
    mutating func insert(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest, limit: Int) -> Int {
        self.statistics.stores += 1
        let response = response.labelled(request.target)
        return self.change(key, request) { $0?.adding(response, limit: limit) ?? Variants(response) }
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
        guard !missing.isEmpty else { return (present, 0) }
        let all = Array(present) + missing.map { $0.labelled(request.target) }
        let variants = Variants(Array(all.prefix(limit)))
        return (variants, self.change(key, request) { _ in variants })
    }

    private mutating func change(_ key: CacheKey, _ request: CachedRequest, _ body: (Variants?) -> Variants) -> Int {
        guard let slot = self.entries.find(key) else { return self.add(body(nil), for: key, request) }
        guard let entry = self.entries[slot], entry.key == key else {
            // Two keys that share that part drive each other out.
            let freed = self.remove(slot)
            return self.add(body(nil), for: key, request) - freed
        }
        return self.replace(entry, at: slot, with: body(entry.variants))
    }

    private mutating func add(_ variants: Variants, for key: CacheKey, _ request: CachedRequest) -> Int {
        let bytes = variants.footprint + Self.overhead
        let slot = self.eviction.insert(key.hash, weight: bytes)
        let entry = StoreEntry(
            key: key,
            variants: variants,
            origin: self.number(of: Origin(upstream: request.upstream, method: request.method)),
            bytes: UInt32(clamping: bytes)
        )
        self.entries.insert(entry, at: slot)
        self.statistics.count(request.upstream, entries: variants.count, bytes: Int(entry.bytes))
        return Int(entry.bytes)
    }

    private mutating func replace(_ entry: StoreEntry, at slot: Eviction.Slot, with variants: Variants) -> Int {
        let bytes = UInt32(clamping: variants.footprint + Self.overhead)
        self.eviction.use(slot)
        self.eviction.weigh(slot, Int(bytes))
        self.entries.update(slot, variants: variants, bytes: bytes)
        let more = Int(bytes) - Int(entry.bytes)
        let upstream = self.origins[Int(entry.origin)].upstream
        self.statistics.count(upstream, entries: variants.count - entry.variants.count, bytes: more)
        return more
    }

    private mutating func number(of origin: Origin) -> UInt32 {
        if let number = self.originNumbers[origin] { return number }
        let number = UInt32(self.origins.count)
        self.origins.append(origin)
        self.originNumbers[origin] = number
        return number
    }

    // MARK: Forgetting

    /// - Returns: How many octets it took.
    mutating func remove(_ key: CacheKey) -> Int {
        guard let slot = self.entries.find(key), self.entries[slot]?.key == key else { return 0 }
        return self.remove(slot)
    }

    /// Removes one answer of a key, if it is still there.
    ///
    /// - Returns: How many octets it took.
    mutating func remove(_ response: StoredResponse, of key: CacheKey) -> Int {
        guard let slot = self.entries.find(key), let entry = self.entries[slot], entry.key == key else { return 0 }
        let rest = entry.variants.removing(response)
        return rest.isEmpty ? self.remove(slot) : -self.replace(entry, at: slot, with: rest)
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
        if let entry = self.entries[slot] {
            self.statistics.evictions[self.origins[Int(entry.origin)].upstream, default: 0] += 1
        }
        return self.forget(slot)
    }

    /// - Returns: How many octets they took.
    mutating func removeAll(upstream: String) -> Int {
        let numbers = Set(self.origins.indices.filter { self.origins[$0].upstream == upstream }.map { UInt32($0) })
        return (0..<self.entries.capacity).map { Eviction.Slot($0) }.reduce(0) { sum, slot in
            guard let entry = self.entries[slot], numbers.contains(entry.origin) else { return sum }
            return sum + self.remove(slot)
        }
    }

    private mutating func forget(_ slot: Eviction.Slot) -> Int {
        guard let entry = self.entries.remove(slot) else { return 0 }
        let upstream = self.origins[Int(entry.origin)].upstream
        self.statistics.count(upstream, entries: -entry.variants.count, bytes: -Int(entry.bytes))
        return Int(entry.bytes)
    }
}
