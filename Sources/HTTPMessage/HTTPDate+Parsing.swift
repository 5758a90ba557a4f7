// SPDX-License-Identifier: Apache-2.0

extension HTTPDate {
    /// Reads any of the three forms that recipients must accept (RFC 9110, 5.6.7); nil for anything else, since a date
    /// that is none has passed (RFC 9111, 5.3). Letters of either case are the same; a zone but GMT is none (4.2).
    ///
    /// - Parameter now: Seconds since 1970, for the century of a year of two digits: one that would be more than 50
    ///   years ahead is the latest that is past.
    /// - Returns: Seconds since 1970-01-01T00:00:00Z.
    package static func seconds(parsing text: String, now: Int64) -> Int64? {
        let words = text.lowercased().split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words.count, Self.days.firstIndex(where: { words[0].hasPrefix($0) }).map { Self.longDays[$0] }) {
        // Sun, 06 Nov 1994 08:49:37 GMT
        case (6, let day?) where words[0] == day.prefix(3) + "," && words[5] == "gmt":
            return self.seconds(day: words[1], month: words[2], year: Self.number(words[3], digits: 4), words[4])
        // Sunday, 06-Nov-94 08:49:37 GMT
        case (4, let day?) where words[0] == day + "," && words[3] == "gmt":
            let parts = words[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3, let short = Self.number(parts[2], digits: 2) else { return nil }
            let latest = 1970 + Int(now / 31_556_952) + 50
            let year = latest - (((latest - short) % 100) + 100) % 100
            return self.seconds(day: parts[0], month: parts[1], year: year, words[2])
        // Sun Nov  6 08:49:37 1994
        case (6, let day?) where words[0] == day.prefix(3) && words[2].isEmpty && words[3].utf8.count == 1:
            return self.seconds(day: "0" + words[3], month: words[1], year: Self.number(words[5], digits: 4), words[4])
        case (5, let day?) where words[0] == day.prefix(3):
            return self.seconds(day: words[2], month: words[1], year: Self.number(words[4], digits: 4), words[3])
        default:
            return nil
        }
    }

    private static let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    private static let longDays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    private static func seconds(day: String, month: String, year: Int?, _ time: String) -> Int64? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map {
            Self.number(String($0), digits: 2)
        }
        guard let day = Self.number(day, digits: 2), let month = Self.months.firstIndex(of: month),
            let year,
            clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2]
        else { return nil }
        return CivilTime(year: year, month: month + 1, day: day, hour: hour, minute: minute, second: second)?.seconds
    }

    private static func number(_ text: String, digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(text)
    }
}
