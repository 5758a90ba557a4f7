// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An instant to the nanosecond by the clock that goes on while the machine sleeps: 292 years to either side, where it
/// stops.
///
/// It is half as large as `ContinuousClock.Instant`, of which a store has millions, and its layout is known when a program
/// is built, as that of whatever holds one.
package struct Moment: InstantProtocol, Sendable {
    private let nanoseconds: Int64

    package static var now: Moment {
        #if canImport(Glibc)
        let clock = CLOCK_BOOTTIME
        #else
        let clock = CLOCK_MONOTONIC
        #endif
        var time = timespec()
        clock_gettime(clock, &time)
        return Moment(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    private init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package func advanced(by duration: Duration) -> Moment {
        let (sum, isBeyond) = self.nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Moment(nanoseconds: isBeyond ? (self.nanoseconds < 0 ? .min : .max) : sum)
    }

    /// The same without arithmetic of 128 bits.
    package func advanced(bySeconds seconds: UInt32) -> Moment {
        let (sum, isBeyond) = self.nanoseconds.addingReportingOverflow(Int64(seconds) * 1_000_000_000)
        return Moment(nanoseconds: isBeyond ? .max : sum)
    }

    package func duration(to other: Moment) -> Duration {
        let (difference, isBeyond) = other.nanoseconds.subtractingReportingOverflow(self.nanoseconds)
        return .nanoseconds(isBeyond ? (other.nanoseconds < 0 ? .min : .max) : difference)
    }

    package static func + (moment: Moment, duration: Duration) -> Moment { moment.advanced(by: duration) }
    package static func - (moment: Moment, duration: Duration) -> Moment { moment.advanced(by: .zero - duration) }
    package static func - (one: Moment, other: Moment) -> Duration { other.duration(to: one) }
    package static func < (one: Moment, other: Moment) -> Bool { one.nanoseconds < other.nanoseconds }
}

extension Duration {
    /// Stops at the nearer end, where NIO's `TimeAmount` stops at the upper one.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let (product, isBeyond) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, isFurther) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return isBeyond || isFurther ? (seconds < 0 ? .min : .max) : sum
    }
}
