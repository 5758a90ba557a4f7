// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts what is open, and tells one waiter when nothing is.
final class OpenCount: Sendable {
    private struct State {
        var count = 0
        /// The time may be up before anybody waits.
        var isGivenUp = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var count: Int { self.state.withLock { $0.count } }

    func add() { self.state.withLock { $0.count += 1 } }

    func remove() {
        let waiter = self.state.withLock { state in
            state.count -= 1
            return state.count == 0 ? state.waiter.take() : nil
        }
        waiter?.resume()
    }

    /// Returns when the count is zero, or `giveUp` was called.
    func isZero() async {
        await withCheckedContinuation { continuation in
            let isOver = self.state.withLock { state in
                let isOver = state.count == 0 || state.isGivenUp
                if !isOver { state.waiter = continuation }
                return isOver
            }
            if isOver { continuation.resume() }
        }
    }

    func giveUp() {
        let waiter = self.state.withLock { state in
            state.isGivenUp = true
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
