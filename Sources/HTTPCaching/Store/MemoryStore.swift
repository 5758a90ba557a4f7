// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Answers in memory, up to a number of octets, and perhaps in an archive behind it. What goes from memory when there is
/// no more room, `Eviction` decides.
///
/// A key has a list of variants (RFC 9111, 4.1). They are kept until their retention ends: whether one is the right one
/// and fresh is for the caller to judge. Sharded by key, so that two loops seldom wait for each other, and for no longer
/// than it takes to relink an entry.
package final class MemoryStore: Sendable {
    final class Shard: Sendable {
        let entries = Mutex(CacheShard())
        let bytes = Atomic(0)
    }

    /// How many variants a key may have; the oldest make room.
    package static let variantLimit = 16

    let shards = (0..<16).map { _ in Shard() }
    private let bytes = Atomic(0)
    private let maxBytes: Atomic<Int>

    let archive: (any ResponseArchive)?
    /// How often somebody wanted something gone, so that what was on its way back from the archive does not stay.
    let purges = Atomic(0)

    package init(maxBytes: Int, archive: (any ResponseArchive)? = nil) {
        self.maxBytes = Atomic(maxBytes)
        self.archive = archive
    }

    /// What is kept for a key, the newest first; empty if nothing is.
    package func lookup(_ key: CacheKey, now: ContinuousClock.Instant) -> Variants {
        let variants = self.shard(of: key).entries.withLock { $0.use(key) }
        guard variants.contains(where: { now >= $0.retainedUntil }) else { return variants }
        let retained = Variants(variants.filter { now < $0.retainedUntil })
        // Some that are over cost nobody anything until the next answer is stored.
        if retained.isEmpty { self.remove(key) }
        return retained
    }

    /// Keeps an answer in place of the one that the key had for the same request fields. One that is larger than the
    /// whole memory is kept in the archive only.
    package func store(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest) {
        self.archive?.keep(response, for: key, of: request)
        self.hold(response, for: key, of: request)
    }

    private func hold(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest) {
        guard response.footprint + CacheShard.overhead <= self.maxBytes.load(ordering: .relaxed) else { return }
        let shard = self.shard(of: key)
        let more = shard.entries.withLock {
            $0.insert(response, for: key, of: request, limit: Self.variantLimit)
        }
        self.count(more, in: shard)
        self.makeRoom()
    }

    /// Whether anything is kept for a key in memory. It does not count as a use.
    package func holds(_ key: CacheKey) -> Bool { self.shard(of: key).entries.withLock { $0.contains(key) } }

    // MARK: The archive

    /// Whether the archive may have what memory lacks.
    package func mayRecall(_ key: CacheKey) -> Bool { self.archive?.mayHold(key) ?? false }

    /// Brings back into memory what the archive has for a key.
    ///
    /// - Returns: That, and what memory had already; the newest first.
    package func recall(_ key: CacheKey, now: ContinuousClock.Instant) async -> Variants {
        guard let archive = self.archive else { return Variants() }
        let purges = self.purges.load(ordering: .sequentiallyConsistent)
        let archived = await archive.load(key).filter { now < $0.response.retainedUntil }
        guard let request = archived.first?.request else { return self.lookup(key, now: now) }
        let responses = archived.map(\.response)
        let shard = self.shard(of: key)
        let (variants, more) = shard.entries.withLock {
            $0.restore(responses, for: key, of: request, limit: Self.variantLimit)
        }
        self.count(more, in: shard)
        self.makeRoom()
        guard self.purges.load(ordering: .sequentiallyConsistent) == purges else {
            self.removeFromMemory(key)
            return Variants()
        }
        return variants
    }

    /// Forgets in the archive what answers a target, for a later process: in this one, whoever calls that into question
    /// knows it himself.
    package func removeFromArchive(upstream: String, target: String) {
        self.archive?.removeAll(upstream: upstream, target: target)
    }

    // MARK: Forgetting

    /// Forgets all variants of a key.
    package func remove(_ key: CacheKey) {
        self.archive?.remove(key)
        self.removeFromMemory(key)
    }

    func removeFromMemory(_ key: CacheKey) {
        let shard = self.shard(of: key)
        self.count(-shard.entries.withLock { $0.remove(key) }, in: shard)
    }

    /// Forgets everything of an upstream.
    package func removeAll(upstream: String) {
        self.archive?.removeAll(upstream: upstream)
        for shard in self.shards {
            self.count(-shard.entries.withLock { $0.removeAll(upstream: upstream) }, in: shard)
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

    /// The largest shard makes room, so that all stay about as large and none has a limit of its own, which would be too
    /// small for a large answer.
    private func makeRoom() {
        while self.bytes.load(ordering: .relaxed) > self.maxBytes.load(ordering: .relaxed) {
            let largest = self.shards.max { $0.bytes.load(ordering: .relaxed) < $1.bytes.load(ordering: .relaxed) }
            guard let largest, let freed = largest.entries.withLock({ $0.evict() }) else { return }
            self.count(-freed, in: largest)
        }
    }

    private func count(_ more: Int, in shard: Shard) {
        guard more != 0 else { return }
        shard.bytes.add(more, ordering: .relaxed)
        self.bytes.add(more, ordering: .relaxed)
    }

    func shard(of key: CacheKey) -> Shard {
        self.shards[key.shard(of: self.shards.count)]
    }
}
