// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Answers in memory, up to a number of octets; the one that was not used for longest goes first.
///
/// A key has a list of variants (RFC 9111, 4.1). They are kept until their retention ends: whether one is the right one
/// and fresh is for the caller to judge. Sharded by key, so that two loops seldom wait for each other, and for no longer
/// than it takes to relink an entry.
package final class MemoryStore: Sendable {
    private final class Shard: Sendable {
        let entries = Mutex(LRUShard())
    }

    /// What an entry costs beside its answer: its node, and its share of a dictionary that is three quarters full.
    static let overhead = 256

    /// How many variants a key may have; the oldest make room.
    package static let variantLimit = 16

    private let shards = (0..<16).map { _ in Shard() }
    private let bytes = Atomic(0)
    private let maxBytes: Atomic<Int>

    package init(maxBytes: Int) {
        self.maxBytes = Atomic(maxBytes)
    }

    /// What is kept for a key, the newest first; empty if nothing is.
    package func lookup(_ key: CacheKey, now: ContinuousClock.Instant) -> [StoredResponse] {
        let variants = self.shard(of: key).entries.withLock { $0.use(key, now: now) }
        guard variants.contains(where: { now >= $0.retainedUntil }) else { return variants }
        let retained = variants.filter { now < $0.retainedUntil }
        // Some that are over cost nobody anything until the next answer is stored.
        if retained.isEmpty { self.remove(key) }
        return retained
    }

    /// Keeps an answer in place of the one that the key had for the same request fields. One that is larger than the
    /// whole store is not kept.
    package func store(_ response: StoredResponse, for key: CacheKey, upstream: String) {
        guard response.footprint + Self.overhead <= self.maxBytes.load(ordering: .relaxed) else { return }
        let more = self.shard(of: key).entries.withLock {
            $0.insert(response, for: key, upstream: upstream, limit: Self.variantLimit)
        }
        self.bytes.add(more, ordering: .relaxed)
        self.makeRoom()
    }

    /// Forgets all variants of a key.
    package func remove(_ key: CacheKey) {
        let freed = self.shard(of: key).entries.withLock { $0.remove(key) }
        if freed > 0 { self.bytes.subtract(freed, ordering: .relaxed) }
    }

    /// Forgets everything of an upstream.
    package func removeAll(upstream: String) {
        for shard in self.shards {
            let freed = shard.entries.withLock { $0.removeAll(upstream: upstream) }
            self.bytes.subtract(freed, ordering: .relaxed)
        }
    }

    /// Sets another limit and drops what is beyond it.
    package func resize(maxBytes: Int) {
        self.maxBytes.store(maxBytes, ordering: .relaxed)
        self.makeRoom()
    }

    package var statistics: CacheStatistics {
        self.shards.reduce(into: CacheStatistics()) { sum, shard in sum.add(shard.entries.withLock { $0.statistics }) }
    }

    /// Looks for the oldest entry of all shards: that costs next to nothing beside the answer that came in.
    private func makeRoom() {
        while self.bytes.load(ordering: .relaxed) > self.maxBytes.load(ordering: .relaxed) {
            var oldest: (shard: Shard, usedAt: ContinuousClock.Instant)?
            for shard in self.shards {
                guard let usedAt = shard.entries.withLock({ $0.oldestUse }) else { continue }
                if oldest.map({ usedAt < $0.usedAt }) ?? true { oldest = (shard, usedAt) }
            }
            guard let shard = oldest?.shard else { return }
            let freed = shard.entries.withLock { $0.evictOldest() }
            self.bytes.subtract(freed ?? 0, ordering: .relaxed)
        }
    }

    private func shard(of key: CacheKey) -> Shard {
        self.shards[key.shard(of: self.shards.count)]
    }
}
