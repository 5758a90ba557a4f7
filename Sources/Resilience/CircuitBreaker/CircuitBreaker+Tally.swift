// SPDX-License-Identifier: Apache-2.0

extension CircuitBreaker {
    /// What has been counted since the start. Nothing here decides anything.
    struct Tally: Sendable {
        var inFlight = 0
        var rejected = Rejections()
        var wouldReject = 0
        var late = 0
        /// Of the open times that are over.
        var openTime = Duration.zero
        var lastFailure: Failure?
        private(set) var opened = 0
        /// The latest ones, oldest first.
        private(set) var history: [Transition] = []
        private(set) var steps: [Step: Int] = [:]

        static let historyLimit = 16

        mutating func add(_ transition: Transition) {
            if transition.to == .open { self.opened += 1 }
            if self.history.count == Self.historyLimit { self.history.removeFirst() }
            self.history.append(transition)
            self.steps[transition.step, default: 0] += 1
        }
    }

    /// Rejected attempts by reason.
    package struct Rejections: Hashable, Sendable {
        private var open = 0
        private var forced = 0
        private var halfOpen = 0

        package var total: Int { self.open + self.forced + self.halfOpen }

        package internal(set) subscript(reason: Rejection.Reason) -> Int {
            get {
                switch reason {
                case .open: self.open
                case .forced: self.forced
                case .halfOpen: self.halfOpen
                }
            }
            set {
                switch reason {
                case .open: self.open = newValue
                case .forced: self.forced = newValue
                case .halfOpen: self.halfOpen = newValue
                }
            }
        }
    }
}
