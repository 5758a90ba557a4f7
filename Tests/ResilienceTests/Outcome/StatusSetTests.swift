// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("A set of statuses")
struct StatusSetTests {
    @Test(
        "Classes, codes and ranges add, and what a ! names is taken back, in the order of the entries",
        arguments: [
            (["4xx"], [400, 404, 499], [399, 500]),
            (["404"], [404], [403, 405]),
            (["520-527"], [520, 523, 527], [519, 528]),
            (["4xx", "!429"], [400, 428, 430], [429]),
            (["4xx", "!4xx"], [], [400, 404]),
            (["!429", "4xx"], [429], []),
            (["4xx", "!400-410", "404"], [404, 411], [400, 403, 405, 410]),
            (["1xx", "5xx"], [100, 199, 500, 599], [200, 499, 600]),
            (["500-500"], [500], [501]),
            ([], [], [100, 404, 599]),
        ] as [([String], [Int], [Int])]
    )
    func membership(entries: [String], members: [Int], others: [Int]) throws {
        let set = try #require(StatusSet(entries))
        for status in members { #expect(set.contains(status), "\(status)") }
        for status in others { #expect(!set.contains(status), "\(status)") }
        #expect(set.entries == entries)
    }

    @Test(
        "What is neither a class, a code nor a range within 100 to 599 is no entry",
        arguments: [
            "", "!", "xx", "xxx", "0xx", "6xx", "4XX", "44xx", "99", "600", "1000", "500-499", "500-", "-500",
            "4xx-5xx",
            "400-404-410", "!!404", "+404", "٤xx", "٤٠٤", " 404", "404 ", "4x4", "500-600", "99999999999999999999",
        ]
    )
    func invalid(entry: String) {
        #expect(StatusSet([entry]) == nil)
        #expect(StatusSet(["4xx", entry]) == nil)
    }

    @Test("A status that was taken back is told from one that was never named")
    func takesBack() throws {
        let set = try #require(StatusSet(["4xx", "!429"]))
        #expect(set.takesBack(429))
        #expect(!set.takesBack(404))
        #expect(!set.takesBack(500))
        #expect(try #require(StatusSet(["!429"])).takesBack(429))
        #expect(try #require(StatusSet(["!429", "4xx"])).takesBack(429) == false)
    }

    @Test("Any number may be asked for", arguments: [Int.min, -1, 0, 99, 600, 639, 640, 1000, Int.max])
    func outside(status: Int) throws {
        let set = try #require(StatusSet(["1xx", "2xx", "3xx", "4xx", "5xx"]))
        #expect(!set.contains(status))
        #expect(!set.takesBack(status))
    }

    @Test("The callers' faults are every 4xx, and the empty set has nothing")
    func constants() {
        for status in 100...599 {
            #expect(StatusSet.clientErrors.contains(status) == (400...499 ~= status))
            #expect(!StatusSet.empty.contains(status))
        }
    }
}
