// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A part of the memory: entries in it make room for each other.
final class MemoryRoom: Sendable {
    final class Shard: Sendable {
        let entries = Mutex(CacheShard())
        let bytes = Atomic(0)
    }

    let shards = (0..<16).map { _ in Shard() }
    let bytes = Atomic(0)

    func shard(of key: CacheKey) -> Shard { self.shards[key.shard(of: self.shards.count)] }

    /// Every entry that is there all the while. A shard is left to others after every few.
    func forEachEntry(_ body: (CacheKey, CachedRequest, Variants) -> Void) {
        for shard in self.shards {
            var start = 0
            while true {
                let piece = shard.entries.withLock { shard in
                    shard.entries(from: start, count: 256)?.map { (entry: $0, request: shard.request(of: $0)) }
                }
                guard let piece else { break }
                for (entry, request) in piece { body(entry.key, request, entry.variants) }
                start += 256
            }
        }
    }

    /// The largest shard makes room, so that all stay about as large and none has a limit of its own, which would be too
    /// small for a large answer.
    ///
    /// - Returns: The shard, and how many octets it had for it; nil if there is nothing.
    func evict() -> (Shard, Int)? {
        let largest = self.shards.max { $0.bytes.load(ordering: .relaxed) < $1.bytes.load(ordering: .relaxed) }
        return largest.flatMap { shard in shard.entries.withLock { $0.evict() }.map { (shard, $0) } }
    }
}

/// The memory of all, and who gives some back when it is full: the room that is furthest beyond what is its own.
///
/// An upstream with a share has a room of that part of the memory. Nobody else can drive its answers out of there, and
/// nothing stands empty as long as somebody can use it. All others have what is left, together.
final class MemoryBudget: Sendable {
    private struct Tenant: Sendable {
        let upstream: String
        let room: MemoryRoom
        /// From 0 to 1.
        var share = 0.0
    }

    let common = MemoryRoom()
    /// How often somebody wanted something gone, so that what was on its way back from the archive does not stay.
    let purges = Atomic(0)
    let maxBytes: Atomic<Int>
    private let bytes = Atomic(0)
    /// Octets of answers that are on their way to being stored.
    private let coming = Atomic(0)
    /// So much may be on its way, however small the memory is: a file may keep more than that.
    private static let minComing = 64 << 20
    /// One that was there stays, perhaps without a share: requests under way may still use it.
    private let tenants = Mutex<[Tenant]>([])

    init(maxBytes: Int) { self.maxBytes = Atomic(maxBytes) }

    var rooms: [MemoryRoom] { [self.common] + self.tenants.withLock { $0.map(\.room) } }

    /// The room of an upstream that has a share, or is about to have one.
    func room(of upstream: String) -> MemoryRoom {
        self.tenants.withLock { tenants in
            if let tenant = tenants.first(where: { $0.upstream == upstream }) { return tenant.room }
            let tenant = Tenant(upstream: upstream, room: MemoryRoom())
            tenants.append(tenant)
            return tenant.room
        }
    }

    /// - Returns: Those that have a room, with whether they still have a share.
    func apply(_ shares: [String: Double]) -> [(upstream: String, room: MemoryRoom, hasShare: Bool)] {
        for upstream in shares.keys { _ = self.room(of: upstream) }
        return self.tenants.withLock { tenants in
            for index in tenants.indices { tenants[index].share = shares[tenants[index].upstream] ?? 0 }
            return tenants.map { ($0.upstream, $0.room, shares[$0.upstream] != nil) }
        }
    }

    func count(_ more: Int, in shard: MemoryRoom.Shard, of room: MemoryRoom) {
        guard more != 0 else { return }
        shard.bytes.add(more, ordering: .relaxed)
        room.bytes.add(more, ordering: .relaxed)
        self.bytes.add(more, ordering: .relaxed)
    }

    func expect(_ octets: Int) -> Bool {
        let sum = self.coming.add(octets, ordering: .relaxed).newValue
        guard sum > max(Self.minComing, self.maxBytes.load(ordering: .relaxed)) else { return true }
        self.coming.subtract(octets, ordering: .relaxed)
        return false
    }

    func expectNoMore(_ octets: Int) { self.coming.subtract(octets, ordering: .relaxed) }

    func makeRoom() {
        while self.bytes.load(ordering: .relaxed) > self.maxBytes.load(ordering: .relaxed) {
            let room = self.furthestBeyond(Double(self.maxBytes.load(ordering: .relaxed)))
            guard let (shard, freed) = room.evict() else { return }
            self.count(-freed, in: shard, of: room)
        }
    }

    private func furthestBeyond(_ maxBytes: Double) -> MemoryRoom {
        self.tenants.withLock { tenants in
            let rest = 1 - tenants.reduce(0) { $0 + $1.share }
            var furthest = (room: self.common, excess: self.common.excess(over: rest * maxBytes))
            for tenant in tenants {
                let excess = tenant.room.excess(over: tenant.share * maxBytes)
                if excess > furthest.excess { furthest = (tenant.room, excess) }
            }
            return furthest.room
        }
    }
}

extension MemoryRoom {
    fileprivate func excess(over octets: Double) -> Double { Double(self.bytes.load(ordering: .relaxed)) - octets }
}
