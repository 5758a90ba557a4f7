// SPDX-License-Identifier: Apache-2.0

/// Instants as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7), and as RFC 3339 writes them.
package enum HTTPDate {
    /// What both forms can write: the years 0000 to 9999. An instant outside of them is written as the nearest inside.
    private static let range: ClosedRange<Int64> = -62_167_219_200...253_402_300_799

    /// - Parameter seconds: Since 1970-01-01T00:00:00Z, without leap seconds.
    package static func imfFixdate(_ seconds: Int64) -> String {
        let date = Civil(min(max(seconds, Self.range.lowerBound), Self.range.upperBound))
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][Int(((date.days % 7) + 7) % 7)]
        let month = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ][date.month - 1]
        return "\(weekday), \(Self.pad(date.day)) \(month) \(Self.pad(date.year, 4)) \(Self.time(date)) GMT"
    }

    /// - Parameter milliseconds: Since 1970-01-01T00:00:00Z.
    package static func rfc3339(milliseconds: Int64) -> String {
        let milliseconds = min(max(milliseconds, Self.range.lowerBound * 1000), Self.range.upperBound * 1000 + 999)
        let seconds = milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000
        let date = Civil(seconds)
        let fraction = Self.pad(Int(milliseconds - seconds * 1000), 3)
        return "\(Self.pad(date.year, 4))-\(Self.pad(date.month))-\(Self.pad(date.day))T\(Self.time(date)).\(fraction)Z"
    }

    private static func time(_ date: Civil) -> String {
        "\(Self.pad(date.hour)):\(Self.pad(date.minute)):\(Self.pad(date.second))"
    }

    private static func pad(_ number: Int, _ width: Int = 2) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// A date of the proleptic Gregorian calendar, by the usual arithmetic on eras of 400 years.
    private struct Civil {
        let days: Int64
        let year: Int
        let month: Int
        let day: Int
        let hour: Int
        let minute: Int
        let second: Int

        init(_ seconds: Int64) {
            let days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
            let rest = Int(seconds - days * 86400)
            let shifted = days + 719_468
            let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let monthFromMarch = (5 * dayOfYear + 2) / 153
            self.days = days
            self.day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
            self.month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
            self.year = Int(yearOfEra + era * 400) + (self.month <= 2 ? 1 : 0)
            self.hour = rest / 3600
            self.minute = rest / 60 % 60
            self.second = rest % 60
        }
    }
}
