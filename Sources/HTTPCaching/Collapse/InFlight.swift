// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Requests with one key that are under way at once share one attempt.
///
/// Whoever comes first leads: it makes the attempt, publishes what comes of it and finishes the flight when there is
/// nothing left to join. Those that come in between follow: they wait for that value.
package final class InFlight<Value: Sendable>: Sendable {
    package enum Role: Sendable {
        case leader(Leader)
        case follower(Flight)
    }

    private let flights = Mutex<[CacheKey: Flight]>([:])

    package init() {}

    /// How many keys are under way.
    package var count: Int { self.flights.withLock { $0.count } }

    package func join(_ key: CacheKey) -> Role {
        self.flights.withLock { flights in
            if let flight = flights[key] { return .follower(flight) }
            let flight = Flight()
            flights[key] = flight
            return .leader(Leader(of: flight, key, in: self))
        }
    }

    /// The duty to finish a flight. One that is let go of unfinished fails those who wait, so that nobody waits forever.
    package final class Leader: Sendable {
        /// For the leader's own client, when the attempt is made by a task that outlives it. Whoever waits shall hold
        /// this and not the duty.
        package let flight: Flight
        private let key: CacheKey
        private let flights: InFlight

        fileprivate init(of flight: Flight, _ key: CacheKey, in flights: InFlight) {
            self.flight = flight
            self.key = key
            self.flights = flights
        }

        /// Hands the value to all who wait and to those who still join, until the flight is finished.
        package func publish(_ value: Value) { self.flight.land(.success(value)) }

        /// Hands the value to all who wait. Who joins from now on leads anew. Only the first value counts.
        package func finish(_ value: Value) { self.land(.success(value)) }

        private func land(_ result: Result<Value, any Error>) {
            self.flights.remove(self.flight, key: self.key)
            self.flight.land(result)
        }

        deinit { self.land(.failure(AbandonedFlight())) }
    }

    private func remove(_ flight: Flight, key: CacheKey) {
        self.flights.withLock { flights in
            if flights[key] === flight { flights[key] = nil }
        }
    }

    /// One attempt that several requests wait for.
    package final class Flight: Sendable {
        private struct State: Sendable {
            var result: Result<Value, any Error>?
            var waiting: [Int: CheckedContinuation<Value, any Error>] = [:]
            var lastWaiter = 0
        }

        private let state = Mutex(State())

        fileprivate init() {}

        /// What came of the attempt.
        ///
        /// - Throws: `CancellationError` when the waiting task is cancelled, which disturbs nobody else;
        ///   `AbandonedFlight` when nobody will ever finish.
        package func value() async throws -> Value {
            let waiter = self.state.withLock { state in
                state.lastWaiter += 1
                return state.lastWaiter
            }
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { self.wait($0, as: waiter) }
            } onCancel: {
                self.state.withLock { $0.waiting.removeValue(forKey: waiter) }?.resume(throwing: CancellationError())
            }
        }

        private func wait(_ continuation: CheckedContinuation<Value, any Error>, as waiter: Int) {
            let result = self.state.withLock { state -> Result<Value, any Error>? in
                if let result = state.result { return result }
                // A cancellation before this was too early for its handler; one after it finds the continuation.
                if Task.isCancelled { return .failure(CancellationError()) }
                state.waiting[waiter] = continuation
                return nil
            }
            if let result { continuation.resume(with: result) }
        }

        fileprivate func land(_ result: Result<Value, any Error>) {
            let waiting = self.state.withLock { state -> [Int: CheckedContinuation<Value, any Error>] in
                guard state.result == nil else { return [:] }
                state.result = result
                defer { state.waiting = [:] }
                return state.waiting
            }
            for continuation in waiting.values { continuation.resume(with: result) }
        }
    }
}

/// Whoever led a flight let go of it without a value.
package struct AbandonedFlight: Error, CustomStringConvertible {
    package var description: String { "the request that this one waited for was given up" }
}
