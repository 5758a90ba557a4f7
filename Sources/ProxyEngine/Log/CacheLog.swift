// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import Logging
import ProxyConfiguration

/// The lines that tell what the cache did. Their wording is a contract: operators grep for it.
final class CacheLog: Sendable {
    private let log: RequestLog
    // Begun beforehand, since every request of a cache has a line.
    private let hit: String
    private let miss: String
    private let stored: String
    private let stale: String
    private let refresh: String

    init(_ upstream: String, logger: Logger) {
        self.log = RequestLog(logger)
        self.hit = "[CACHE] HIT \(upstream) "
        self.miss = "[CACHE] MISS \(upstream) "
        self.stale = "[CACHE] STALE \(upstream) "
        self.refresh = "[CACHE] REFRESH \(upstream) "
        self.stored = "[CACHE] STORED \(upstream) "
    }

    func hit(_ key: CacheKey) { self.log.write(.info, (self.hit, key.short, "...")) }

    /// - Parameter excerpt: What is kept of the line from one time to the next.
    func hit(_ key: CacheKey, again excerpt: inout LogLine.Excerpt?) {
        self.log.write(.info, again: &excerpt, (self.hit, key.short, "..."))
    }

    func missed(_ key: CacheKey) { self.log.write(.info, (self.miss, key.short, "...")) }

    /// - Parameter why: The word of `Cache-Status`.
    func stale(_ key: CacheKey, _ why: String) {
        self.log.write(.info, (self.stale, key.short, "... (\(why))"))
    }

    /// A call that no exchange of a client accounts for.
    func refreshing(_ key: CacheKey) { self.log.write(.info, (self.refresh, key.short, "... in the background")) }

    func stored(_ key: CacheKey, _ ttl: Duration) {
        self.log.write(.info, (self.stored, key.short, "... (\(Quantity.text(ttl)) TTL)"))
    }
}
