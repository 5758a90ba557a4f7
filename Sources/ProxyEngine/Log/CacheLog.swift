// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import Logging
import ProxyConfiguration

/// The lines that tell what the cache did. Their wording is a contract: operators grep for it.
struct CacheLog: Sendable {
    let logger: Logger

    func hit(_ upstream: String, _ key: CacheKey) {
        self.logger.info("[CACHE] HIT \(upstream) \(key.short)...")
    }

    func missed(_ upstream: String, _ key: CacheKey) {
        self.logger.info("[CACHE] MISS \(upstream) \(key.short)...")
    }

    /// - Parameter why: The word of `Cache-Status`.
    func stale(_ upstream: String, _ key: CacheKey, _ why: String) {
        self.logger.info("[CACHE] STALE \(upstream) \(key.short)... (\(why))")
    }

    func stored(_ upstream: String, _ key: CacheKey, _ ttl: Duration) {
        self.logger.info("[CACHE] STORED \(upstream) \(key.short)... (\(Quantity.text(ttl)) TTL)")
    }
}
