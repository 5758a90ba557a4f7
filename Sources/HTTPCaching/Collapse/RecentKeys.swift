// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import Synchronization

/// Keys that something was found out about a short while ago: that they cannot be stored, that their origin failed.
///
/// Bounded: there are two generations of so many keys, and the older goes when the younger is full.
package final class RecentKeys: Sendable {
    private struct Generations: Sendable {
        var younger: [CacheKey: Moment] = [:]
        var older: [CacheKey: Moment] = [:]
    }

    private let limit: Int
    private let generations = Mutex(Generations())

    package init(limit: Int = 4096) { self.limit = limit }

    package func insert(_ key: CacheKey, until end: Moment) {
        self.generations.withLock { generations in
            if generations.younger.count >= self.limit {
                generations.older = generations.younger
                generations.younger = [:]
            }
            generations.younger[key] = end
        }
    }

    package func contains(_ key: CacheKey, at now: Moment) -> Bool {
        self.generations.withLock { generations in
            guard let end = generations.younger[key] ?? generations.older[key] else { return false }
            return now < end
        }
    }

    package func remove(_ key: CacheKey) {
        self.generations.withLock { generations in
            generations.younger[key] = nil
            generations.older[key] = nil
        }
    }
}
