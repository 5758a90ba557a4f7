// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// When the answers of which targets were last called into question by an unsafe request (RFC 9111, 4.4).
///
/// Keys are digests that hold the caller's credentials too, so that what other callers have stored of a target cannot be
/// found by it. A table of instants by the target's hash can tell it all the same; two targets at one place cost a miss.
package final class Invalidations: Sendable {
    private static let places = 1024

    private let isUsed = Atomic(false)
    private let instants = Mutex<[Int: ContinuousClock.Instant]>([:])

    package init() {}

    /// - Parameter target: The path below the upstream's mount, with the query.
    package func insert(_ target: Substring, at now: ContinuousClock.Instant) {
        let place = Self.place(of: target)
        self.instants.withLock { $0[place] = now }
        self.isUsed.store(true, ordering: .releasing)
    }

    /// Whether an answer that was asked for at such an instant is out of date.
    package func covers(_ target: Substring, since instant: ContinuousClock.Instant) -> Bool {
        guard self.isUsed.load(ordering: .acquiring) else { return false }
        let place = Self.place(of: target)
        return self.instants.withLock { $0[place].map { instant <= $0 } ?? false }
    }

    private static func place(of target: Substring) -> Int {
        Int(UInt(bitPattern: target.hashValue) % UInt(Self.places))
    }
}
