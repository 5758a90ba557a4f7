// SPDX-License-Identifier: Apache-2.0

import Resilience

/// What a circuit should do, put in another way: it lives from tick to tick as timers would drive it, keeps a ledger of
/// every permit ever given, and counts its successes and failures by walking over what that ledger says.
struct CircuitModel {
    struct Entry {
        let era: Int
        let isProbe: Bool
        let isCounted: Bool
        var ticksLeft: Int
        var isOut = true
    }

    enum Answer: Equatable {
        case pass, probe, wouldReject
        /// Ticks until it is worth asking again, where the model knows.
        case reject(CircuitBreaker.State, after: Int?)
    }

    var failMax = 1
    var resetTicks = 1
    var successThreshold = 1
    var probes = 1
    var leaseTicks = 1
    var isEnforced = true
    var excludedCounts = false

    private(set) var ledger: [Entry] = []
    private(set) var failures = 0
    private(set) var successes = 0
    private(set) var opened = 0
    private(set) var rejected = 0
    private(set) var wouldReject = 0
    private(set) var late = 0
    private var era = 0
    private var isProbing = false
    /// Ticks since it opened; nil if it is not open.
    private var openTicks: Int?
    private var hold: CircuitBreaker.ForcedState?
    private var holdTicks: Int?

    var state: CircuitBreaker.State {
        if let hold { return hold == .open ? .open : .closed }
        if let openTicks { return openTicks >= self.resetTicks ? .halfOpen : .open }
        return self.isProbing ? .halfOpen : .closed
    }

    var out: Int { self.ledger.count { $0.isOut } }

    private var probesOut: Int { self.ledger.count { $0.isOut && $0.isProbe && $0.era == self.era } }

    mutating func tick() {
        if let ticks = self.openTicks { self.openTicks = ticks + 1 }
        if let ticks = self.holdTicks {
            self.holdTicks = ticks - 1
            if ticks == 1 { self.endHold() }
        }
        var hasExpired = false
        for index in self.ledger.indices where self.ledger[index].isProbe {
            self.ledger[index].ticksLeft -= 1
            let entry = self.ledger[index]
            if entry.isOut, entry.era == self.era, entry.ticksLeft == 0 { hasExpired = true }
        }
        if hasExpired { self.fail() }
    }

    mutating func admit() -> Answer {
        switch self.state {
        case .closed:
            self.give(isProbe: false, isCounted: self.hold == nil)
            return .pass
        case .open:
            return self.refuse(
                .open,
                after: self.hold == nil ? self.openTicks.map { self.resetTicks - $0 } : self.holdTicks
            )
        case .halfOpen:
            if self.openTicks != nil { self.startProbing() }
            guard self.probesOut < self.probes else { return self.refuse(.halfOpen, after: nil) }
            self.give(isProbe: true, isCounted: true)
            return .probe
        }
    }

    mutating func end(_ index: Int, _ outcome: Outcome) {
        let entry = self.ledger[index]
        self.ledger[index].isOut = false
        guard entry.isCounted, let isSuccess = self.isSuccess(outcome) else { return }
        guard entry.era == self.era else {
            self.late += 1
            return
        }
        guard isSuccess else {
            self.fail()
            return
        }
        if !entry.isProbe { self.failures = 0 } else { self.successes += 1 }
        if entry.isProbe, self.successes >= self.successThreshold { self.close() }
    }

    mutating func force(_ state: CircuitBreaker.ForcedState, ticks: Int?) {
        if state == .open, ![.open].contains(self.rawState) { self.opened += 1 }
        self.leave()
        self.hold = state
        self.holdTicks = ticks
    }

    mutating func close() {
        self.leave()
        self.failures = 0
    }

    /// What it was before anybody noticed that the open time is over.
    private var rawState: CircuitBreaker.State {
        self.hold == nil && self.openTicks != nil ? .open : self.state
    }

    private mutating func leave() {
        self.era += 1
        self.successes = 0
        self.isProbing = false
        self.openTicks = nil
        self.hold = nil
        self.holdTicks = nil
    }

    private mutating func endHold() {
        if self.hold == .open { self.startProbing() } else { self.close() }
    }

    private mutating func startProbing() {
        self.leave()
        self.isProbing = true
    }

    private mutating func fail() {
        self.failures += 1
        guard self.isProbing || self.failures >= self.failMax else { return }
        self.leave()
        self.openTicks = 0
        self.opened += 1
    }

    private mutating func give(isProbe: Bool, isCounted: Bool) {
        self.ledger.append(Entry(era: self.era, isProbe: isProbe, isCounted: isCounted, ticksLeft: self.leaseTicks))
    }

    private mutating func refuse(_ state: CircuitBreaker.State, after ticks: Int?) -> Answer {
        guard !self.isEnforced else {
            self.rejected += 1
            return .reject(state, after: ticks)
        }
        self.wouldReject += 1
        self.give(isProbe: false, isCounted: false)
        return .wouldReject
    }

    private func isSuccess(_ outcome: Outcome) -> Bool? {
        switch outcome {
        case .success: true
        case .failure: false
        case .excluded: self.excludedCounts ? true : nil
        case .throttled, .cancelled: nil
        }
    }
}
