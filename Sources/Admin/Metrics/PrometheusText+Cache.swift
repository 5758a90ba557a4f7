// SPDX-License-Identifier: Apache-2.0

import ProxyEngine

extension PrometheusText {
    /// What the cache saved.
    mutating func writeUse(of upstreams: [UpstreamMetrics]) {
        let uses = upstreams.map { upstream in
            (upstream: upstream.upstream, samples: upstream.requests.samples)
        }
        let families: [(name: String, cache: ExchangeReport.CacheUse, help: String)] = [
            ("windbreak_cache_hits_total", .hit, "Exchanges that were answered from the cache."),
            ("windbreak_cache_misses_total", .miss, "Exchanges that the cache could have answered, and did not."),
            (
                "windbreak_cache_stale_total", .stale,
                "Exchanges that were answered from the cache after its time was up."
            ),
            ("windbreak_cache_coalesced_total", .collapsed, "Exchanges that shared the attempt of an identical one."),
        ]
        for family in families {
            self.family(family.name, .counter, family.help)
            for use in uses {
                let count = use.samples.reduce(0) { $1.cache == family.cache.rawValue ? $0 + $1.count : $0 }
                self.sample(family.name, ["upstream": use.upstream], count)
            }
        }
        self.family("windbreak_cache_stores_total", .counter, "Answers that were put into the cache.")
        for upstream in upstreams {
            self.sample("windbreak_cache_stores_total", ["upstream": upstream.upstream], upstream.cacheStores)
        }
        self.family(
            "windbreak_cache_calls_saved_total",
            .counter,
            "Exchanges that made no call of their own: hits, stale answers and shared attempts."
        )
        for use in uses {
            let spared = use.samples.reduce(UInt64(0)) { $1.sparesCall ? $0 + $1.count : $0 }
            self.sample("windbreak_cache_calls_saved_total", ["upstream": use.upstream], spared)
        }
        self.family(
            "windbreak_cache_cost_saved_total",
            .counter,
            "What those calls would have cost, by the cost of their routes."
        )
        for upstream in upstreams {
            self.sample("windbreak_cache_cost_saved_total", ["upstream": upstream.upstream], upstream.costSaved)
        }
    }

    /// What the memory of the cache holds.
    mutating func writeHoldings(_ holdings: [CacheHolding]) {
        self.family("windbreak_cache_evictions_total", .counter, "Answers that had to make room for others.")
        for holding in holdings {
            self.sample("windbreak_cache_evictions_total", ["upstream": holding.upstream], holding.evictions)
        }
        self.family("windbreak_cache_entries", .gauge, "Answers that are stored.")
        for holding in holdings {
            self.sample("windbreak_cache_entries", ["upstream": holding.upstream], holding.entries)
        }
        self.family("windbreak_cache_bytes", .gauge, "Memory that stored answers take.")
        for holding in holdings {
            self.sample("windbreak_cache_bytes", ["upstream": holding.upstream], holding.bytes)
        }
    }

    /// What the file of the cache holds, where there is one.
    mutating func writeFile(_ file: CacheFileReading?) {
        guard let file else { return }
        self.single("windbreak_cache_file_entries", .gauge, "Keys for which the file has an answer.", file.entries)
        self.single(
            "windbreak_cache_file_dropped_total",
            .counter,
            "Answers that are not in the file since it could not be written in time.",
            file.dropped
        )
    }
}

struct CacheFileReading: Sendable, Equatable {
    var entries: Int
    var dropped: Int
}

/// What the memory of the cache holds of one upstream.
struct CacheHolding: Sendable, Equatable {
    var upstream: String
    var entries: Int
    var bytes: Int
    var evictions: Int
}
