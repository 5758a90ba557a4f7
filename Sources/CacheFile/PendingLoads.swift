// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage

/// Look-ups that are on their way to the disk and back.
struct PendingLoads: Sendable {
    typealias Waiter = CheckedContinuation<[Archived], Never>

    private struct Load: Sendable {
        let began: Moment
        var waiters: [Waiter]
        /// Some of what may be found was removed meanwhile.
        var isOutdated = false
    }

    /// At once, of different keys. Who comes then goes on to the upstream, as if nothing were stored.
    private static let limit = 1024

    private var loads: [CacheKey: Load] = [:]
    /// Those that nobody waits for any more included.
    private var running = 0

    enum Admission {
        /// Who asks has to read for all who wait.
        case read
        case wait
        case refused
    }

    mutating func add(_ waiter: Waiter, for key: CacheKey, at now: Moment) -> Admission {
        if self.loads[key] != nil {
            self.loads[key]?.waiters.append(waiter)
            return .wait
        }
        guard self.running < Self.limit else { return .refused }
        self.running += 1
        self.loads[key] = Load(began: now, waiters: [waiter])
        return .read
    }

    /// What is found for a key is of no use any more.
    mutating func outdate(_ key: CacheKey) { self.loads[key]?.isOutdated = true }

    /// The disk has answered.
    mutating func end(_ key: CacheKey) -> (waiters: [Waiter], isOutdated: Bool) {
        self.running -= 1
        guard let load = self.loads.removeValue(forKey: key) else { return ([], true) }
        return (load.waiters, load.isOutdated)
    }

    /// Whoever has waited since before then waits no longer.
    mutating func expire(before instant: Moment) -> [Waiter] {
        let late = self.loads.filter { $0.value.began < instant }
        for key in late.keys { self.loads[key] = nil }
        return late.values.flatMap(\.waiters)
    }
}
