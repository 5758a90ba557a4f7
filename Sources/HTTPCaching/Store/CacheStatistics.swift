// SPDX-License-Identifier: Apache-2.0

/// What a store holds now, and what it did since it was made.
package struct CacheStatistics: Sendable, Equatable {
    package internal(set) var stores = 0
    /// Entries that had to make room for others, by upstream.
    package internal(set) var evictions: [String: Int] = [:]
    /// What each upstream has stored, by its name.
    package internal(set) var holdings: [String: Holding] = [:]

    package struct Holding: Sendable, Equatable {
        package internal(set) var entries = 0
        /// Memory, in octets, with an estimate of what an entry costs beside its content.
        package internal(set) var bytes = 0
    }

    package var entries: Int { self.holdings.values.reduce(0) { $0 + $1.entries } }
    package var bytes: Int { self.holdings.values.reduce(0) { $0 + $1.bytes } }

    mutating func count(_ upstream: String, entries: Int, bytes: Int) {
        self.holdings[upstream, default: Holding()].entries += entries
        self.holdings[upstream, default: Holding()].bytes += bytes
        if self.holdings[upstream]?.entries == 0 { self.holdings[upstream] = nil }
    }

    mutating func add(_ other: CacheStatistics) {
        self.stores += other.stores
        self.evictions.merge(other.evictions, uniquingKeysWith: +)
        for (upstream, holding) in other.holdings {
            self.count(upstream, entries: holding.entries, bytes: holding.bytes)
        }
    }
}
