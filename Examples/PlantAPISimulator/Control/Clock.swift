// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// The time of day, for answers that tell it.
enum Clock {
    /// Seconds since 1970.
    static var now: Double { Date().timeIntervalSince1970 }

    static var secondsToMidnight: Int { 86_400 - Int(self.now) % 86_400 }

    /// The date in UTC, `2026-09-28`.
    static var day: String { String(Date().formatted(.iso8601).prefix(10)) }
}
