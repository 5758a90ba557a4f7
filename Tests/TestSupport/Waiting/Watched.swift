// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// State that other threads change, and on which a test waits until it is as wanted, but never for ever.
package final class Watched<State: Sendable>: Sendable {
    private struct Waiter: Sendable {
        let id: Int
        /// Returns what resumes the waiter, once the state is as wanted.
        let check: @Sendable (inout State) -> (@Sendable () -> Void)?
    }

    private struct Guarded: Sendable {
        var state: State
        var waiters: [Waiter] = []
        var nextID = 0
    }

    private let guarded: Mutex<Guarded>
    private let loop: any EventLoop

    package init(_ state: State) {
        self.guarded = Mutex(Guarded(state: state))
        self.loop = MultiThreadedEventLoopGroup.singleton.any()
    }

    package var value: State { self.guarded.withLock { $0.state } }

    /// Changes the state, and resumes whoever waited for what it is now.
    @discardableResult
    package func update<Result: Sendable>(_ change: @Sendable (inout State) -> Result) -> Result {
        let (result, resumptions) = self.guarded.withLock { guarded in
            let result = change(&guarded.state)
            var resumptions: [@Sendable () -> Void] = []
            var waiting: [Waiter] = []
            for waiter in guarded.waiters {
                if let resume = waiter.check(&guarded.state) {
                    resumptions.append(resume)
                } else {
                    waiting.append(waiter)
                }
            }
            guarded.waiters = waiting
            return (result, resumptions)
        }
        for resume in resumptions { resume() }
        return result
    }

    /// Returns what the condition finds in the state, now or after a change; the condition may take it out.
    ///
    /// - Throws: ``TooLate`` at the limit, or what the condition throws.
    @discardableResult
    package func wait<Value: Sendable>(
        for what: String,
        upTo limit: Duration = .seconds(60),
        until condition: @escaping @Sendable (inout State) throws -> Value?
    ) async throws -> Value {
        let promise = self.loop.makePromise(of: Value.self)
        let check: @Sendable (inout State) -> (@Sendable () -> Void)? = { state in
            do {
                guard let value = try condition(&state) else { return nil }
                return { promise.succeed(value) }
            } catch {
                return { promise.fail(error) }
            }
        }
        let (id, resume) = self.guarded.withLock { guarded in
            guarded.nextID += 1
            let resume = check(&guarded.state)
            if resume == nil { guarded.waiters.append(Waiter(id: guarded.nextID, check: check)) }
            return (guarded.nextID, resume)
        }
        if let resume { resume() }
        let timeout = self.loop.scheduleTask(in: TimeAmount(limit)) {
            let isWaiting = self.guarded.withLock { guarded in
                let before = guarded.waiters.count
                guarded.waiters.removeAll { $0.id == id }
                return guarded.waiters.count < before
            }
            if isWaiting { promise.fail(TooLate(what: what)) }
        }
        defer { timeout.cancel() }
        return try await promise.futureResult.get()
    }
}

/// What was waited for did not come in time.
package struct TooLate: Error, CustomStringConvertible {
    package let what: String
    package init(what: String) { self.what = what }
    package var description: String { "waited too long for \(self.what)" }
}

extension EventLoopFuture where Value: Sendable {
    /// The value, or ``TooLate`` at the limit.
    func value(_ what: String, upTo limit: Duration = .seconds(60)) async throws -> Value {
        let promise = self.eventLoop.makePromise(of: Value.self)
        let timeout = self.eventLoop.scheduleTask(in: TimeAmount(limit)) { promise.fail(TooLate(what: what)) }
        self.cascade(to: promise)
        defer { timeout.cancel() }
        return try await promise.futureResult.get()
    }
}

/// Holds something back until the test lets it go: the way to order events without sleeping.
package final class Gate: Sendable {
    private let isOpen = Watched(false)
    package init() {}
    package func open() { self.isOpen.update { $0 = true } }
    package func pass(upTo limit: Duration = .seconds(60)) async throws {
        try await self.isOpen.wait(for: "a gate to open", upTo: limit) { $0 ? true : nil }
    }
}

/// Runs something that must end by itself, and fails when it does not in time.
package func within<Value: Sendable>(
    _ limit: Duration,
    _ what: String,
    _ body: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let result = Watched<Result<Value, any Error>?>(nil)
    let task = Task {
        do {
            let value = try await body()
            result.update { $0 = .success(value) }
        } catch {
            result.update { $0 = .failure(error) }
        }
    }
    do {
        return try await result.wait(for: what, upTo: limit) { $0 }.get()
    } catch {
        task.cancel()
        throw error
    }
}

/// Waits until something is so that nobody tells of, by looking again and again.
package func eventually(
    _ what: String,
    upTo limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while try await !condition() {
        guard clock.now < end else { throw TooLate(what: what) }
        try await clock.sleep(for: .milliseconds(2))
    }
}
