// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import Synchronization

/// Answers in memory, up to a number of octets, and perhaps in an archive behind it. What goes from memory when there is
/// no more room, `Eviction` decides.
///
/// A key has a list of variants (RFC 9111, 4.1). They are kept until their retention ends: whether one is the right one
/// and fresh is for the caller to judge. Sharded by key, so that two loops seldom wait for each other, and for no longer
/// than it takes to relink an entry.
package final class MemoryStore: Sendable {
    /// How many variants a key may have; the oldest make room.
    package static let variantLimit = 16

    private let room: MemoryRoom
    private let shards: [MemoryRoom.Shard]
    let budget: MemoryBudget
    let archive: (any ResponseArchive)?

    package convenience init(maxBytes: Int, archive: (any ResponseArchive)? = nil) {
        let budget = MemoryBudget(maxBytes: maxBytes)
        self.init(budget.common, of: budget, archive: archive)
    }

    private init(_ room: MemoryRoom, of budget: MemoryBudget, archive: (any ResponseArchive)?) {
        self.room = room
        self.shards = room.shards
        self.budget = budget
        self.archive = archive
    }

    /// What is kept for a key, the newest first; empty if nothing is.
    package func lookup(_ key: CacheKey, now: Moment) -> Variants {
        let variants = self.shard(of: key).entries.withLock { $0.use(key) }
        guard variants.contains(where: { now >= $0.retainedUntil }) else { return variants }
        let retained = Variants(variants.filter { now < $0.retainedUntil })
        // Some that are over cost nobody anything until the next answer is stored.
        if retained.isEmpty { self.remove(key) }
        return retained
    }

    /// Keeps an answer in place of the one that the key had for the same request fields. One that is larger than the
    /// whole memory is kept in the archive only.
    ///
    /// - Parameter old: What else it takes the place of, though it was for other fields.
    package func store(
        _ response: StoredResponse,
        for key: CacheKey,
        of request: CachedRequest,
        inPlaceOf old: StoredResponse? = nil
    ) {
        if let old, old.variant != response.variant { self.remove(old, of: key) }
        self.archive?.keep(response, for: key, of: request)
        self.hold(response, for: key, of: request)
    }

    private func hold(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest) {
        guard response.footprint + CacheShard.overhead <= self.budget.maxBytes.load(ordering: .relaxed) else { return }
        let shard = self.shard(of: key)
        let more = shard.entries.withLock {
            $0.insert(response, for: key, of: request, limit: Self.variantLimit)
        }
        self.count(more, in: shard)
        self.budget.makeRoom()
    }

    /// Whether anything is kept for a key in memory. It does not count as a use.
    package func holds(_ key: CacheKey) -> Bool {
        self.budget.rooms.contains { $0.shard(of: key).entries.withLock { $0.contains(key) } }
    }

    // MARK: What is on its way

    /// Takes room for an answer, or a piece of one, that is kept while it comes. All of them together have as much as the
    /// memory, and 64 MiB at least.
    ///
    /// - Parameter octets: As many are given back by `expectNoMore`, if there was room.
    /// - Returns: Whether there was.
    package func expect(_ octets: Int) -> Bool { self.budget.expect(octets) }

    package func expectNoMore(_ octets: Int) { self.budget.expectNoMore(octets) }

    // MARK: The archive

    /// Whether the archive may have what memory lacks.
    package func mayRecall(_ key: CacheKey) -> Bool { self.archive?.mayHold(key) ?? false }

    /// Brings back into memory what the archive has for a key.
    ///
    /// - Returns: That, and what memory had already; the newest first.
    package func recall(_ key: CacheKey, now: Moment) async -> Variants {
        guard let archive = self.archive else { return Variants() }
        let purges = self.budget.purges.load(ordering: .sequentiallyConsistent)
        let archived = await archive.load(key).filter { now < $0.response.retainedUntil }
        guard let request = archived.first?.request else { return self.lookup(key, now: now) }
        let responses = archived.map(\.response)
        let shard = self.shard(of: key)
        let (variants, more) = shard.entries.withLock {
            $0.restore(responses, for: key, of: request, limit: Self.variantLimit)
        }
        self.count(more, in: shard)
        self.budget.makeRoom()
        guard self.budget.purges.load(ordering: .sequentiallyConsistent) == purges else {
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

    /// Forgets one variant of a key.
    package func remove(_ response: StoredResponse, of key: CacheKey) {
        let shard = self.shard(of: key)
        self.count(-shard.entries.withLock { $0.remove(response, of: key) }, in: shard)
        self.archive?.remove(response.variant, of: key)
    }

    func removeFromMemory(_ key: CacheKey) {
        let shard = self.shard(of: key)
        self.count(-shard.entries.withLock { $0.remove(key) }, in: shard)
    }

    /// Forgets everything of an upstream.
    package func removeAll(upstream: String) {
        self.archive?.removeAll(upstream: upstream)
        for room in self.budget.rooms {
            for shard in room.shards {
                let freed = shard.entries.withLock { $0.removeAll(upstream: upstream) }
                self.budget.count(-freed, in: shard, of: room)
            }
        }
    }

    /// Sets another limit and drops what is beyond it.
    package func resize(maxBytes: Int) {
        self.budget.maxBytes.store(maxBytes, ordering: .relaxed)
        self.budget.makeRoom()
    }

    package var statistics: CacheStatistics {
        self.budget.rooms.flatMap(\.shards).reduce(into: CacheStatistics()) { sum, shard in
            sum.add(shard.entries.withLock { $0.statistics })
        }
    }

    private func count(_ more: Int, in shard: MemoryRoom.Shard) { self.budget.count(more, in: shard, of: self.room) }

    func shard(of key: CacheKey) -> MemoryRoom.Shard {
        self.shards[key.shard(of: self.shards.count)]
    }

    // MARK: Shares

    /// The part of the memory where the answers of an upstream are: a room of its own, if it has a share.
    ///
    /// What goes through everything that is stored, goes through all parts, whichever it is asked of.
    package func part(of upstream: String, hasShare: Bool) -> MemoryStore {
        let room = hasShare ? self.budget.room(of: upstream) : self.budget.common
        return MemoryStore(room, of: self.budget, archive: self.archive)
    }

    /// Says anew which part of the memory is an upstream's own, from 0 to 1, and moves what is stored where it belongs
    /// then.
    package func apply(shares: [String: Double]) {
        for (upstream, room, hasShare) in self.budget.apply(shares) {
            let own = MemoryStore(room, of: self.budget, archive: nil)
            let common = MemoryStore(self.budget.common, of: self.budget, archive: nil)
            if hasShare { common.move(upstream, to: own) } else { own.move(upstream, to: common) }
        }
        self.budget.makeRoom()
    }

    private func move(_ upstream: String, to other: MemoryStore) {
        self.room.forEachEntry { key, request, variants in
            guard request.upstream == upstream else { return }
            self.removeFromMemory(key)
            let shard = other.shard(of: key)
            let more = shard.entries.withLock {
                $0.restore(Array(variants), for: key, of: request, limit: Self.variantLimit).more
            }
            other.count(more, in: shard)
        }
    }
}
