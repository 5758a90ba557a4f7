// SPDX-License-Identifier: Apache-2.0

/// Instants as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), and as RFC 3339 writes them.
package enum HTTPDate {
    /// What both forms can write: the years 0000 to 9999. An instant outside of them is written as the nearest inside.
    private static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// - Parameter seconds: Since 1970-01-01T00:00:00Z, without leap seconds.
    package static func imfFixdate(_ seconds: Int64) -> String {
        let seconds = min(max(seconds, Self.range.lowerBound), Self.range.upperBound)
        let date = CivilTime(seconds)
        let days = seconds.floored(by: 86400).quotient
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(days.floored(by: 7).remainder)]
        let month = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ][date.month - 1]
        return "\(weekday), \(Self.pad(date.day)) \(month) \(Self.pad(date.year, 4)) \(Self.time(date)) GMT"
    }

    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z.
    package static func rfc3339(milliseconds: Int64) -> String {
        let milliseconds = min(max(milliseconds, Self.range.lowerBound * 1000), Self.range.upperBound * 1000 + 999)
        let (seconds, rest) = milliseconds.floored(by: 1000)
        let date = CivilTime(seconds)
        let fraction = Self.pad(Int(rest), 3)
        return "\(Self.pad(date.year, 4))-\(Self.pad(date.month))-\(Self.pad(date.day))T\(Self.time(date)).\(fraction)Z"
    }

    private static func time(_ date: CivilTime) -> String {
        "\(Self.pad(date.hour)):\(Self.pad(date.minute)):\(Self.pad(date.second))"
    }

    private static func pad(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
