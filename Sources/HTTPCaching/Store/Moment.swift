// SPDX-License-Identifier: Apache-2.0

/// An instant of this process to the nanosecond, in half the memory: 292 years to either side, and no further.
///
/// The layout of `ContinuousClock.Instant` is known at run time only, and so is that of whatever holds one; what is handed
/// on for each request holds this.
package struct Moment: Hashable, Comparable, Sendable {
    private static let origin = ContinuousClock.now

    private let nanoseconds: Int64

    package init(_ instant: ContinuousClock.Instant) {
        let (seconds, attoseconds) = (instant - Self.origin).components
        let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isFurther) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        self.nanoseconds = isBeyond || isFurther ? (seconds < 0 ? .min : .max) : sum
    }

    package static func < (one: Moment, other: Moment) -> Bool { one.nanoseconds < other.nanoseconds }

    package var instant: ContinuousClock.Instant { Self.origin + .nanoseconds(self.nanoseconds) }
}
