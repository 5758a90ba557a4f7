// SPDX-License-Identifier: Apache-2.0

/// A second in UTC by the proleptic Gregorian calendar, by the usual arithmetic on eras of 400 years that begin in March,
/// so that the day which may be missing is the last.
package struct CivilTime: Hashable, Sendable {
    package let year: Int
    /// 1 to 12.
    package let month: Int
    /// 1 to 31.
    package let day: Int
    package let hour: Int
    package let minute: Int
    /// 60 is one that was put in.
    package let second: Int

    /// Days from the first of March of the year 0 to the first of January 1970.
    private static let epoch: Int64 = 719_468

    /// Nil if that is no time of day, or no day of that month.
    package init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        guard 1...12 ~= month, 1...Self.days(of: month, year) ~= day,
            0..<24 ~= hour, 0..<60 ~= minute, 0...60 ~= second
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// - Parameter month: 1 to 12.
    private static func days(of month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// - Parameter seconds: Since 1970-01-01T00:00:00Z.
    package init(_ seconds: Int64) {
        let (days, rest) = seconds.floored(by: 86400)
        let (era, dayOfEra) = (days + Self.epoch).floored(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        self.day = Int(dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
        self.month = Int(monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9)
        self.year = Int(yearOfEra + era * 400) + (self.month <= 2 ? 1 : 0)
        (self.hour, self.minute, self.second) = (Int(rest / 3600), Int(rest / 60 % 60), Int(rest % 60))
    }

    /// Since 1970-01-01T00:00:00Z.
    package var seconds: Int64 {
        let (era, yearOfEra) = Int64(self.month <= 2 ? self.year - 1 : self.year).floored(by: 400)
        let dayOfYear = Int64((153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1)
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - Self.epoch
        return days * 86400 + Int64(self.hour * 3600 + self.minute * 60 + self.second)
    }
}

extension Int64 {
    /// The quotient rounded down, and what remains, which is never below zero.
    package func floored(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = self.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
