// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import TestSupport
import Testing

@Suite struct HTTPDateTests {
    @Test(
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"), (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"), (-2_203_891_200, "Thu, 01 Mar 1900 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"), (-62_167_219_200, "Sat, 01 Jan 0000 00:00:00 GMT"),
        ] as [(Int64, String)]
    )
    func writesIMFFixdate(seconds: Int64, text: String) {
        #expect(HTTPDate.imfFixdate(seconds) == text)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (-1, "1969-12-31T23:59:59.999Z"), (-1000, "1969-12-31T23:59:59.000Z"),
            (1_767_225_600_042, "2026-01-01T00:00:00.042Z"),
        ] as [(Int64, String)]
    )
    func writesRFC3339(milliseconds: Int64, text: String) {
        #expect(HTTPDate.rfc3339(milliseconds: milliseconds) == text)
    }

    @Test func writesTheNearestInstantThatHasFourDigitsOfAYear() {
        #expect(HTTPDate.imfFixdate(.max) == "Fri, 31 Dec 9999 23:59:59 GMT")
        #expect(HTTPDate.imfFixdate(.min) == "Sat, 01 Jan 0000 00:00:00 GMT")
        #expect(HTTPDate.rfc3339(milliseconds: .max) == "9999-12-31T23:59:59.999Z")
        #expect(HTTPDate.rfc3339(milliseconds: .min) == "0000-01-01T00:00:00.000Z")
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func everyInstantHasADate(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        #expect(HTTPDate.imfFixdate(Int64(bitPattern: random.next())).utf8.count == 29)
        #expect(HTTPDate.rfc3339(milliseconds: Int64(bitPattern: random.next())).utf8.count == 24)
    }

    /// Day after day by the rules of the calendar, from 1600 to 2400.
    @Test func countsDaysAsTheCalendarDoes() {
        var (year, month, day) = (1600, 1, 1)
        var seconds: Int64 = -11_676_096_000
        while year < 2400 {
            let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
            let date = "\(year)-\(pad(month))-\(pad(day))T00:00:00.000Z"
            guard HTTPDate.rfc3339(milliseconds: seconds * 1000) == date else {
                Issue.record("\(date) is written as \(HTTPDate.rfc3339(milliseconds: seconds * 1000))")
                return
            }
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let length = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            (month, day) = day < length ? (month, day + 1) : (month + 1, 1)
            if month > 12 { (year, month) = (year + 1, 1) }
            seconds += 86400
        }
    }
}
