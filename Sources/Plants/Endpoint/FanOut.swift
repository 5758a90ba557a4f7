// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyEngine

/// The legs of one combined request, all at once within one deadline.
///
/// They are child tasks: a client that goes away takes with it those that nobody else waits for.
struct FanOut: Sendable {
    let calls: [LegCall]
    /// What they are asked for.
    let request: LocalRequest
    /// What every exchange ends by.
    let cap: NIODeadline
    /// The same instant on the clock of tasks.
    let deadline: ContinuousClock.Instant
    let log: CombinedLog

    /// Rejections come at once; after this time those who are still silent are being called.
    private static let settling = Duration.milliseconds(100)
    /// Exchanges end themselves at the deadline, and know best why. This much later nobody waits for them any more.
    private static let grace = Duration.milliseconds(250)

    private enum Event: Sendable {
        case ended(LegOutcome)
        case settled
        case expired
    }

    /// One outcome for each call, in the order in which they came.
    func outcomes() async -> [LegOutcome] {
        await withTaskGroup(of: Event.self) { group in
            for call in self.calls {
                group.addTask { .ended(await call.outcome(for: self.request, cap: self.cap)) }
            }
            group.addTask {
                try? await Task.sleep(for: Self.settling)
                return .settled
            }
            group.addTask {
                try? await Task.sleep(until: self.deadline.advanced(by: Self.grace), clock: .continuous)
                return .expired
            }
            var outcomes: [LegOutcome] = []
            var hasExpired = false
            var degradation = Degradation(legs: self.calls.map(\.leg.name))
            while outcomes.count < self.calls.count, let event = await group.next() {
                switch event {
                case .ended(let outcome):
                    outcomes.append(hasExpired ? outcome.afterExpiry : outcome)
                    // What a client that went away did not wait for says nothing about the leg.
                    if !Task.isCancelled { self.log.ended(outcomes[outcomes.count - 1]) }
                case .settled:
                    degradation.report(outcomes, to: self.log)
                case .expired:
                    hasExpired = !Task.isCancelled
                    group.cancelAll()
                }
            }
            group.cancelAll()
            degradation.report(outcomes, to: self.log)
            return outcomes
        }
    }
}

extension LegOutcome {
    /// Cancelled by us, for the reason that its time was up.
    fileprivate var afterExpiry: LegOutcome {
        self.answer == nil ? LegOutcome(leg: self.leg, result: .timedOut, duration: self.duration) : self
    }
}
