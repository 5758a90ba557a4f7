// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@Suite struct HTTPDateParsingTests {
    private static let now: Int64 = 1_790_000_000

    @Test(
        arguments: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ]
    )
    func `reads the three forms (RFC 9110, 5.6.7)`(text: String) {
        #expect(HTTPDate.seconds(parsing: text, now: Self.now) == 784_111_777)
    }

    @Test(
        arguments: [
            "", "0", "-1", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun,  06  Nov 1994 08:49:37 GMT", "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37", "06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT;", "Sun Nov 6 08:49:37 1994",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Tue, 30 Feb 2100 08:49:37 GMT",
        ]
    )
    func `anything else is no date`(text: String) {
        #expect(HTTPDate.seconds(parsing: text, now: Self.now) == nil)
    }

    @Test(arguments: [
        "sun, 06 NOV 1994 08:49:37 gmt", "SUNDAY, 06-nov-94 08:49:37 GMT", "sUN nOV  6 08:49:37 1994",
    ])
    func `takes letters of either case (RFC 9111, 4.2)`(text: String) {
        #expect(HTTPDate.seconds(parsing: text, now: Self.now) == 784_111_777)
    }

    @Test func `reads back what is written`() {
        for seconds in stride(from: Int64(-2_000_000_000), through: 8_000_000_000, by: 12_345_677) {
            #expect(HTTPDate.seconds(parsing: HTTPDate.imfFixdate(seconds), now: Self.now) == seconds)
        }
    }
}
