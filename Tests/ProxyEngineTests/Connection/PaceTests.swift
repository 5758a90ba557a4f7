// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import ProxyEngine

@Suite struct PaceTests {
    @Test func whoMovesNothingIsWaitedForAsLongAsTheSlack() {
        var pace = Pace(rate: 1000, slack: .seconds(15))
        #expect(pace.left == .seconds(15))
        pace.waited(.seconds(14), for: 0)
        #expect(!pace.isOver && pace.left == .seconds(1))
        pace.waited(.seconds(1), for: 0)
        #expect(pace.isOver)
    }

    @Test func whoMovesEnoughIsWaitedForEver() {
        var pace = Pace(rate: 1000, slack: .seconds(15))
        for _ in 0..<1000 { pace.waited(.seconds(10), for: 10_000) }
        #expect(pace.left == .seconds(15))
    }

    @Test func whoMovesTooLittleIsGivenUpAfterAWhile() {
        var pace = Pace(rate: 1000, slack: .seconds(15))
        var time = 0
        while !pace.isOver {
            // As `slowhttptest` does.
            pace.waited(.seconds(1), for: 32)
            time += 1
        }
        #expect(time == 16)
    }

    @Test func whatWasMovedBeforeIsNoReasonToWaitLonger() {
        var pace = Pace(rate: 1000, slack: .seconds(15))
        pace.waited(.seconds(1), for: 1 << 40)
        pace.waited(.nanoseconds(1), for: .max)
        #expect(pace.left == .seconds(15))
        pace.waited(.seconds(15), for: 0)
        #expect(pace.isOver)
    }

    @Test func withoutARateOneOctetWillDo() {
        var pace = Pace(rate: 0, slack: .seconds(15))
        for _ in 0..<100 { pace.waited(.seconds(14), for: 1) }
        #expect(pace.left == .seconds(15))
        pace.waited(.seconds(15), for: 0)
        #expect(pace.isOver)
    }

    @Test func itIsLookedAtOftenEnough() {
        #expect(Pace(rate: 1, slack: .seconds(3600)).checkInterval == .seconds(1))
        #expect(Pace(rate: 1, slack: .milliseconds(100)).checkInterval == .milliseconds(25))
    }
}
