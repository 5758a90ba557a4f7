// SPDX-License-Identifier: Apache-2.0

/// Entries in the order in which they were last used. Every operation takes constant time.
///
/// The order is a doubly linked list of positions in one array, so that a use moves no memory and counts no reference.
struct LRUShard: Sendable {
    private struct Node: Sendable {
        let key: CacheKey
        let upstream: String
        /// The newest first.
        var variants: [StoredResponse]
        var bytes: Int
        var usedAt: ContinuousClock.Instant
        var newer: Int?
        var older: Int?
    }

    private var positions: [CacheKey: Int] = [:]
    private var nodes: [Node?] = []
    private var vacant: [Int] = []
    private var newest: Int?
    private var oldest: Int?
    private(set) var statistics = CacheStatistics()

    /// When the entry was used that was not used for longest.
    var oldestUse: ContinuousClock.Instant? {
        self.oldest.flatMap { self.nodes[$0]?.usedAt }
    }

    /// The variants of an entry, which becomes the one used last.
    mutating func use(_ key: CacheKey, now: ContinuousClock.Instant) -> [StoredResponse] {
        guard let position = self.positions[key] else { return [] }
        if self.newest != position {
            self.unlink(position)
            self.linkAsNewest(position)
        }
        self.nodes[position]?.usedAt = now
        return self.nodes[position]?.variants ?? []
    }

    /// Puts an answer before the others of its key, in place of the one for the same request fields.
    ///
    /// - Parameter limit: How many a key may have; the oldest go.
    /// - Returns: How many octets more there are than before.
    mutating func insert(_ response: StoredResponse, for key: CacheKey, upstream: String, limit: Int) -> Int {
        var others = self.positions[key].flatMap { self.nodes[$0]?.variants } ?? []
        let freed = self.remove(key)
        others.removeAll { $0.variant == response.variant || $0.retainedUntil <= response.storedAt }
        let variants = [response] + others.prefix(limit - 1)
        let bytes = variants.reduce(MemoryStore.overhead) { $0 + $1.footprint }
        let node = Node(key: key, upstream: upstream, variants: variants, bytes: bytes, usedAt: response.storedAt)
        let position: Int
        if let free = self.vacant.popLast() {
            position = free
            self.nodes[position] = node
        } else {
            position = self.nodes.count
            self.nodes.append(node)
        }
        self.positions[key] = position
        self.linkAsNewest(position)
        self.statistics.stores += 1
        self.statistics.count(upstream, entries: variants.count, bytes: bytes)
        return bytes - freed
    }

    /// - Returns: How many octets it took.
    mutating func remove(_ key: CacheKey) -> Int {
        guard let position = self.positions.removeValue(forKey: key), let node = self.nodes[position] else { return 0 }
        self.unlink(position)
        self.nodes[position] = nil
        self.vacant.append(position)
        self.statistics.count(node.upstream, entries: -node.variants.count, bytes: -node.bytes)
        return node.bytes
    }

    /// Removes the entry that was not used for longest.
    ///
    /// - Returns: How many octets it took; nil if there is none.
    mutating func evictOldest() -> Int? {
        guard let oldest = self.oldest, let key = self.nodes[oldest]?.key else { return nil }
        self.statistics.evictions += 1
        return self.remove(key)
    }

    /// - Returns: How many octets they took.
    mutating func removeAll(upstream: String) -> Int {
        let keys = self.nodes.compactMap { $0?.upstream == upstream ? $0?.key : nil }
        return keys.reduce(0) { $0 + self.remove($1) }
    }

    // MARK: The list

    private mutating func unlink(_ position: Int) {
        guard let node = self.nodes[position] else { return }
        if let newer = node.newer { self.nodes[newer]?.older = node.older } else { self.newest = node.older }
        if let older = node.older { self.nodes[older]?.newer = node.newer } else { self.oldest = node.newer }
    }

    private mutating func linkAsNewest(_ position: Int) {
        self.nodes[position]?.newer = nil
        self.nodes[position]?.older = self.newest
        if let newest = self.newest { self.nodes[newest]?.newer = position } else { self.oldest = position }
        self.newest = position
    }
}
