// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import Synchronization

/// When the answers of which targets were last called into question by an unsafe request (RFC 9111, 4.4).
///
/// Keys are digests that hold the caller's credentials too, so that what other callers have stored of a target cannot be
/// found by it. Bounded: there are two generations of so many targets, and when the older goes, all that was stored in
/// its time or before is out of date, so that nothing that was called into question is ever served.
package final class Invalidations: Sendable {
    private struct Generations: Sendable {
        var younger: [Int: Moment] = [:]
        var older: [Int: Moment] = [:]
        /// When the older generation was the younger for the last time.
        var rotatedAt: Moment?
        /// What was stored up to then is out of date.
        var floor: Moment?
    }

    private let limit: Int
    private let isUsed = Atomic(false)
    private let generations = Mutex(Generations())

    package init(limit: Int = 8192) { self.limit = limit }

    /// - Parameter target: The path below the upstream's mount, with the query.
    package func insert(_ target: Substring, at now: Moment) {
        let hash = target.hashValue
        self.generations.withLock { generations in
            if generations.younger.count >= self.limit {
                generations.floor = generations.rotatedAt
                generations.rotatedAt = now
                generations.older = generations.younger
                generations.younger = [:]
            }
            generations.younger[hash] = now
        }
        self.isUsed.store(true, ordering: .releasing)
    }

    /// Without what is out of date.
    package func valid(_ variants: Variants, of target: Substring) -> Variants {
        guard variants.contains(where: { self.covers(target, since: $0.storedAt) }) else { return variants }
        return Variants(variants.filter { !self.covers(target, since: $0.storedAt) })
    }

    /// Whether an answer that was asked for at such an instant is out of date.
    package func covers(_ target: Substring, since instant: Moment) -> Bool {
        guard self.isUsed.load(ordering: .acquiring) else { return false }
        let hash = target.hashValue
        return self.generations.withLock { generations in
            if let floor = generations.floor, instant <= floor { return true }
            return (generations.younger[hash] ?? generations.older[hash]).map { instant <= $0 } ?? false
        }
    }
}
