// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Tasks of one event loop that wait for the same thing to happen.
final class WaitingRoom {
    enum Outcome { case called, timedOut, cancelled }

    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Outcome, Never>
        let timeout: Scheduled<Void>

        func resume(_ outcome: Outcome) {
            self.timeout.cancel()
            self.continuation.resume(returning: outcome)
        }
    }

    private let loop: any EventLoop
    /// In the order in which they came.
    private var waiters: [Waiter] = []
    private var lastID = 0

    init(loop: any EventLoop) { self.loop = loop }

    func wait(until deadline: NIODeadline) async -> Outcome {
        self.lastID += 1
        let (id, room, loop) = (self.lastID, NIOLoopBound(self, eventLoop: self.loop), self.loop)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: .cancelled) }
                let timeout = loop.assumeIsolated().scheduleTask(deadline: deadline) { self.resume(id, .timedOut) }
                self.waiters.append(Waiter(id: id, continuation: continuation, timeout: timeout))
            }
        } onCancel: {
            loop.execute { room.value.resume(id, .cancelled) }
        }
    }

    /// Calls all who wait now.
    func callAll() {
        let called = self.waiters
        self.waiters = []
        for waiter in called { waiter.resume(.called) }
    }

    private func resume(_ id: Int, _ outcome: Outcome) {
        guard let index = self.waiters.firstIndex(where: { $0.id == id }) else { return }
        self.waiters.remove(at: index).resume(outcome)
    }
}
