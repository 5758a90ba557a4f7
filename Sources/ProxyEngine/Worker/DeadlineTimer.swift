// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One timer for a connection, whatever the number of deadlines it has in its life.
///
/// Arming costs a comparison: a scheduled event that comes too early asks for the deadline then, and goes to sleep
/// again. A connection that is used ten thousand times a second schedules one event in the time of its timeout.
final class DeadlineTimer {
    private let loop: any EventLoop
    private var scheduled: Scheduled<Void>?
    private var scheduledFor: NIODeadline = .distantFuture
    private var deadline: NIODeadline = .distantFuture
    private let onExpiry: () -> Void

    init(loop: any EventLoop, onExpiry: @escaping () -> Void) {
        self.loop = loop
        self.onExpiry = onExpiry
    }

    /// Replaces the deadline; `.distantFuture` is none.
    func arm(_ deadline: NIODeadline) {
        self.deadline = deadline
        if deadline < self.scheduledFor { self.schedule(deadline) }
    }

    func cancel() {
        self.deadline = .distantFuture
        self.scheduled?.cancel()
        self.scheduled = nil
        self.scheduledFor = .distantFuture
    }

    private func schedule(_ deadline: NIODeadline) {
        self.scheduled?.cancel()
        self.scheduledFor = deadline
        self.scheduled = self.loop.assumeIsolated().scheduleTask(deadline: deadline) { self.fired() }
    }

    private func fired() {
        self.scheduled = nil
        self.scheduledFor = .distantFuture
        guard self.deadline < .distantFuture else { return }
        if self.deadline <= NIODeadline.now() {
            self.deadline = .distantFuture
            self.onExpiry()
        } else {
            self.schedule(self.deadline)
        }
    }
}
