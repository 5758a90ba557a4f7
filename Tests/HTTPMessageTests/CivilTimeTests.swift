// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@Suite struct CivilTimeTests {
    /// Counted from year to year, which is slow and sure.
    @Test func `knows every day of eight hundred years around the year 0`() {
        var days = Int64(-719_528) - 146_097
        for year in -400..<400 {
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            for (month, length) in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].enumerated() {
                for day in 1...length {
                    let time = CivilTime(days * 86400 + 86399)
                    #expect(
                        (time.year, time.month, time.day) == (year, month + 1, day)
                            && time.seconds == days * 86400 + 86399
                    )
                    days += 1
                }
            }
        }
    }

    @Test func `is nothing that no clock shows`() {
        #expect(CivilTime(year: 2000, month: 2, day: 29, hour: 23, minute: 59, second: 60)?.seconds == 951_868_800)
        for (month, day, hour, minute, second) in [
            (0, 1, 0, 0, 0), (13, 1, 0, 0, 0), (1, 0, 0, 0, 0), (1, 32, 0, 0, 0), (1, 1, 24, 0, 0), (1, 1, 0, 60, 0),
            (1, 1, 0, 0, 61), (1, 1, -1, 0, 0), (2, 30, 0, 0, 0), (4, 31, 0, 0, 0), (11, 31, 0, 0, 0),
        ] {
            #expect(
                CivilTime(year: 2000, month: month, day: day, hour: hour, minute: minute, second: second) == nil
            )
        }
        for (year, isLeap) in [(1900, false), (2100, false), (2001, false), (2400, true), (2004, true)] {
            let last = CivilTime(year: year, month: 2, day: 29, hour: 0, minute: 0, second: 0)
            #expect((last != nil) == isLeap)
        }
    }
}
