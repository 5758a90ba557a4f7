// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The clocks read at once, so that the instants of one can be told in another.
///
/// Everything is decided by a monotonic clock; the calendar is for readers only.
package struct WallClock: Sendable {
    package let moment: Moment
    /// The same for those who may import nothing.
    private let instant: ContinuousClock.Instant
    /// Since 1970-01-01T00:00:00Z.
    package let sinceEpoch: Duration

    package init(moment: Moment = .now, instant: ContinuousClock.Instant = .now, sinceEpoch: Duration) {
        self.moment = moment
        self.instant = instant
        self.sinceEpoch = sinceEpoch
    }

    package static var now: WallClock {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return WallClock(sinceEpoch: .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec)))
    }

    package func sinceEpoch(_ moment: Moment) -> Duration { self.sinceEpoch - moment.duration(to: self.moment) }

    package func sinceEpoch(_ instant: ContinuousClock.Instant) -> Duration {
        self.sinceEpoch - instant.duration(to: self.instant)
    }

    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z.
    package func moment(sinceEpoch milliseconds: Int64) -> Moment {
        self.moment + (.milliseconds(milliseconds) - self.sinceEpoch)
    }

    /// RFC 3339, to the millisecond.
    package func rfc3339(_ moment: Moment) -> String {
        HTTPDate.rfc3339(milliseconds: self.sinceEpoch(moment).milliseconds)
    }

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
