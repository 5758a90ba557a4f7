// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import Synchronization

/// Answers in memory, up to a number of octets; the one that was not used for longest goes first.
///
/// Sharded by key, so that two loops seldom wait for each other, and for no longer than it takes to relink an entry.
package final class MemoryStore: Sendable {
    /// What is there for a request.
    package enum Lookup: Sendable {
        /// Its content shares the memory of the stored one.
        case hit(StoredResponse)
        case miss(CacheStatus.Reason)
    }

    private final class Shard: Sendable {
        let entries = Mutex(LRUShard())
    }

    /// What an entry costs beside its answer: its node, and its share of a dictionary that is three quarters full.
    private static let overhead = MemoryLayout<StoredResponse>.stride + 192

    private let shards = (0..<16).map { _ in Shard() }
    private let bytes = Atomic(0)
    private let maxBytes: Atomic<Int>

    package init(maxBytes: Int) {
        self.maxBytes = Atomic(maxBytes)
    }

    /// The answer for a key, if it is fresh and the right one for the request's fields.
    package func lookup(_ key: CacheKey, now: ContinuousClock.Instant, request: HeaderFields) -> Lookup {
        var freed = 0
        let lookup = self.shard(of: key).entries.withLock { entries -> Lookup in
            let lookup: Lookup
            if let response = entries.use(key, now: now) {
                if !response.isFresh(at: now) {
                    freed = entries.remove(key)
                    lookup = .miss(.stale)
                } else {
                    lookup = response.matches(request) ? .hit(response) : .miss(.varyMiss)
                }
            } else {
                lookup = .miss(.uriMiss)
            }
            if case .hit = lookup { entries.countLookup(isHit: true) } else { entries.countLookup(isHit: false) }
            return lookup
        }
        if freed > 0 { self.bytes.subtract(freed, ordering: .relaxed) }
        return lookup
    }

    /// Keeps an answer in place of the one that the key had. One that is larger than the whole store is not kept.
    package func store(_ response: StoredResponse, for key: CacheKey, upstream: String) {
        let bytes = response.footprint + Self.overhead
        guard bytes <= self.maxBytes.load(ordering: .relaxed) else { return }
        let more = self.shard(of: key).entries.withLock {
            $0.insert(response, for: key, upstream: upstream, bytes: bytes)
        }
        self.bytes.add(more, ordering: .relaxed)
        self.makeRoom()
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
