// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The two clocks read at one moment, so that instants of the one can be told in the other.
///
/// Everything is decided by the monotonic clock; the calendar is for readers only.
package struct WallClock: Sendable {
    package let monotonic: ContinuousClock.Instant
    /// Since 1970-01-01T00:00:00Z.
    package let sinceEpoch: Duration

    package init(monotonic: ContinuousClock.Instant, sinceEpoch: Duration) {
        self.monotonic = monotonic
        self.sinceEpoch = sinceEpoch
    }

    package static var now: WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClock(
            monotonic: .now,
            sinceEpoch: .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
        )
    }

    package func sinceEpoch(_ instant: ContinuousClock.Instant) -> Duration {
        self.sinceEpoch - instant.duration(to: self.monotonic)
    }

    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z.
    package func instant(sinceEpoch milliseconds: Int64) -> ContinuousClock.Instant {
        self.monotonic + (.milliseconds(milliseconds) - self.sinceEpoch)
    }

    /// RFC 3339, to the millisecond.
    package func rfc3339(_ instant: ContinuousClock.Instant) -> String {
        HTTPDate.rfc3339(milliseconds: self.sinceEpoch(instant).milliseconds)
    }
}

extension Duration {
    /// Rounded down.
    package var milliseconds: Int64 {
        self.components.seconds * 1000 + self.components.attoseconds / 1_000_000_000_000_000
    }

    /// To the millisecond; readers need no more.
    package var roundedSeconds: Double { Double(self.milliseconds) / 1000 }
}
