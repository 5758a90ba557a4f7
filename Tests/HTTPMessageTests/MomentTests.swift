// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@Suite struct MomentTests {
    @Test func `goes forth and back by any duration`() {
        let now = Moment.now
        for duration in [Duration.zero, .nanoseconds(1), .milliseconds(1500), .seconds(365 * 86400), .seconds(-7)] {
            #expect(now + duration - now == duration && now + duration - duration == now)
            #expect((now < now + duration) == (duration > .zero))
        }
        #expect(now.advanced(bySeconds: .max) - now == .seconds(Int(UInt32.max)))
    }

    @Test func `stops at its ends`() {
        let now = Moment.now
        let far = Duration.seconds(Int64.max)
        let (last, first) = (now + far, now - far - far)
        #expect(first < now && now < last)
        #expect(last + .seconds(1) == last && last.advanced(bySeconds: 1) == last && first - .seconds(1) == first)
        #expect(last - first > .zero && first - last < .zero)
    }
}
