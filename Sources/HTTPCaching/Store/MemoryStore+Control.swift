// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import Synchronization

/// What an operator sees and does. Everything here goes through all that is stored, and so runs off the event loops.
extension MemoryStore {
    /// Some of the entries, in the order of their keys.
    ///
    /// - Parameters:
    ///   - key: The last one of the page before.
    ///   - limit: How many at most.
    package func entries(
        matching filter: CacheFilter,
        after key: CacheKey? = nil,
        limit: Int,
        now: Moment
    ) async -> [CachedEntry] {
        let archived = await self.archive?.entries(matching: filter, after: key, limit: limit) ?? []
        let present = await Task.detached { self.present(filter, after: key, limit: limit, now) }.value
        var entries = Dictionary(present.map { ($0.key, $0) }) { first, _ in first }
        for var entry in archived {
            if let present = entries[entry.key] { entry = present }
            entry.isArchived = true
            entries[entry.key] = entry
        }
        return Array(entries.values.sorted { $0.key < $1.key }.prefix(limit))
    }

    /// All answers for a key, the newest first, wherever they are.
    package func answers(for key: CacheKey, now: Moment) async -> [StoredResponse] {
        let rooms = self.budget.rooms
        let present = rooms.flatMap { $0.shard(of: key).entries.withLock { $0.variants(of: key) } }
        let archived = await self.archive?.load(key).map(\.response) ?? []
        let others = archived.filter { other in !present.contains { $0.variant == other.variant } }
        return (present + others).filter { now < $0.retainedUntil }
    }

    /// Forgets what somebody wants gone, here and in the archive.
    ///
    /// - Returns: How many keys are gone, and whether the archive could be told.
    package func purge(_ filter: CacheFilter) async -> (count: Int, isComplete: Bool) {
        // The archive first: nothing comes back from there when memory's turn has come.
        let archived = await self.archive?.remove(matching: filter)
        self.budget.purges.add(1, ordering: .sequentiallyConsistent)
        let present = await Task.detached { self.drop(filter) }.value
        let isComplete = self.archive == nil || archived != nil
        return (Set(present).union(archived ?? []).count, isComplete)
    }

    private func present(
        _ filter: CacheFilter,
        after key: CacheKey?,
        limit: Int,
        _ now: Moment
    ) -> [CachedEntry] {
        var found: [(key: CacheKey, request: CachedRequest, variants: Variants)] = []
        for room in self.budget.rooms {
            room.forEachEntry { other, request, variants in
                guard key.map({ $0 < other }) ?? true else { return }
                let retained = Variants(variants.filter { now < $0.retainedUntil })
                guard !retained.isEmpty, filter.matches(other, request, retained) else { return }
                found.append((other, request, retained))
                guard found.count >= 4 * limit + 1000 else { return }
                found.sort { $0.key < $1.key }
                found.removeLast(found.count - limit)
            }
        }
        found.sort { $0.key < $1.key }
        return found.prefix(limit).compactMap { CachedEntry($0.key, $0.request, $0.variants) }
    }

    private func drop(_ filter: CacheFilter) -> [CacheKey] {
        var keys: [CacheKey] = []
        for room in self.budget.rooms {
            var found: [CacheKey] = []
            room.forEachEntry { key, request, variants in
                if filter.matches(key, request, variants) { found.append(key) }
            }
            for key in found {
                let shard = room.shard(of: key)
                self.budget.count(-shard.entries.withLock { $0.remove(key) }, in: shard, of: room)
            }
            keys += found
        }
        return keys
    }
}
