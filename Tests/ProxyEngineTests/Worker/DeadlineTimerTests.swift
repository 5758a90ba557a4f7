// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct DeadlineTimerTests {
    /// Runs on a loop with a timer that counts and dates its expiries.
    private func withTimer(
        expecting expiries: Int,
        _ body: @escaping @Sendable (DeadlineTimer) -> Void
    ) async throws -> [NIODeadline] {
        let loop = MultiThreadedEventLoopGroup.singleton.any()
        let expired = Watched<[NIODeadline]>([])
        let timer = try await loop.submit {
            let timer = DeadlineTimer(loop: loop) { expired.update { $0.append(.now()) } }
            body(timer)
            return NIOLoopBound(timer, eventLoop: loop)
        }.get()
        let times = try await expired.wait(for: "\(expiries) expiries") { $0.count >= expiries ? $0 : nil }
        // Whatever else is due has its chance.
        try await loop.scheduleTask(in: .milliseconds(60)) { timer.value.cancel() }.futureResult.get()
        #expect(expired.value.count == expiries)
        return times
    }

    @Test func itExpiresOnceAndNotBefore() async throws {
        let start = NIODeadline.now()
        let times = try await self.withTimer(expecting: 1) { $0.arm(start + .milliseconds(20)) }
        #expect(times.allSatisfy { $0 >= start + .milliseconds(20) })
    }

    @Test func aLaterDeadlineReplacesAnEarlierOne() async throws {
        let start = NIODeadline.now()
        let times = try await self.withTimer(expecting: 1) { timer in
            timer.arm(start + .milliseconds(5))
            timer.arm(start + .milliseconds(40))
        }
        #expect(times.allSatisfy { $0 >= start + .milliseconds(40) })
    }

    @Test func anEarlierDeadlineReplacesALaterOne() async throws {
        let start = NIODeadline.now()
        let times = try await self.withTimer(expecting: 1) { timer in
            timer.arm(start + .seconds(600))
            timer.arm(start + .milliseconds(5))
        }
        #expect(times.allSatisfy { $0 < start + .seconds(600) })
    }

    @Test func noDeadlineIsNoExpiry() async throws {
        let start = NIODeadline.now()
        _ = try await self.withTimer(expecting: 0) { timer in
            timer.arm(start + .milliseconds(5))
            timer.arm(.distantFuture)
        }
        _ = try await self.withTimer(expecting: 0) { timer in
            timer.arm(start + .milliseconds(5))
            timer.cancel()
        }
    }
}
