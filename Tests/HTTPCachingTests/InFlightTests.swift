// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct InFlightTests {
    @Test func manyRequestsShareOneAttempt() async throws {
        let flights = InFlight<Int>()
        let attempts = Counter()
        let joined = Counter()
        let values = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let role = flights.join(.numbered(1))
                    joined.increment()
                    switch role {
                    case .follower(let flight):
                        return try await flight.value()
                    case .leader(let leader):
                        attempts.increment()
                        while joined.count < 200 { await Task.yield() }
                        leader.finish(number)
                        return try await leader.flight.value()
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(attempts.count == 1)
        #expect(values.count == 200 && Set(values).count == 1)
        #expect(flights.count == 0)
    }

    @Test func otherKeysAndLaterRequestsLeadThemselves() async throws {
        let flights = InFlight<String>()
        let first = try #require(flights.join(.numbered(1)).leader)
        let second = try #require(flights.join(.numbered(2)).leader)
        #expect(flights.join(.numbered(1)).leader == nil)
        #expect(flights.count == 2)
        first.finish("first")
        first.finish("again")
        #expect(try await first.flight.value() == "first")
        let third = try #require(flights.join(.numbered(1)).leader)
        first.finish("late")
        #expect(flights.join(.numbered(1)).leader == nil)
        second.finish("second")
        third.finish("third")
        #expect(try await third.flight.value() == "third")
        #expect(flights.count == 0)
    }

    @Test func aCancelledFollowerGoesAndDisturbsNobody() async throws {
        let flights = InFlight<Int>()
        let leader = try #require(flights.join(.numbered(1)).leader)
        let flight = leader.flight
        let staying = Task { try await flight.value() }
        for wait in 0..<50 {
            let going = Task { try await flight.value() }
            for _ in 0..<wait % 5 { await Task.yield() }
            going.cancel()
            await #expect(throws: CancellationError.self) { try await going.value }
        }
        leader.finish(7)
        #expect(try await staying.value == 7)
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await flight.value()
        }
        late.cancel()
        #expect(try await late.value == 7)
    }

    @Test func followersOfALeaderThatGaveUpDoNotWaitForever() async throws {
        let flights = InFlight<Int>()
        var leader = flights.join(.numbered(1)).leader
        let flight = try #require(leader?.flight)
        let followers = (0..<10).map { _ in Task { try await flight.value() } }
        for _ in 0..<5 { await Task.yield() }
        leader = nil
        for follower in followers { await #expect(throws: AbandonedFlight.self) { try await follower.value } }
        #expect(leader == nil && flights.count == 0)
        #expect(flights.join(.numbered(1)).leader != nil)
    }

    @Test func followersOutliveTheLeadersClient() async throws {
        let flights = InFlight<Int>()
        let isReady = Counter()
        let client = Task {
            guard let leader = flights.join(.numbered(1)).leader else { return 0 }
            Task {
                while isReady.count == 0 { await Task.yield() }
                leader.finish(5)
            }
            return try await leader.flight.value()
        }
        while flights.count == 0 { await Task.yield() }
        guard case .follower(let flight) = flights.join(.numbered(1)) else {
            Issue.record("nobody led")
            return
        }
        client.cancel()
        await #expect(throws: CancellationError.self) { try await client.value }
        isReady.increment()
        #expect(try await flight.value() == 5)
    }
}

private final class Counter: Sendable {
    private let value = Atomic(0)

    var count: Int { self.value.load(ordering: .sequentiallyConsistent) }
    func increment() { self.value.add(1, ordering: .sequentiallyConsistent) }
}

extension InFlight.Role {
    fileprivate var leader: InFlight.Leader? {
        if case .leader(let leader) = self { leader } else { nil }
    }
}
