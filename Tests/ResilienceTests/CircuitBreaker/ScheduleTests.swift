// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

/// Random schedules of admissions, outcomes, cancellations, lost permits, time, new policies and operators, in step with
/// an independent model. One tick is a millisecond.
@Suite("Any schedule")
struct ScheduleTests {
    @Test("The circuit does what the model does, and nothing leaves it stuck", arguments: UInt64(1)...60)
    func schedule(seed: UInt64) {
        var schedule = Schedule(seed: seed)
        for step in 0..<200 {
            schedule.step()
            if let problem = schedule.problem {
                Issue.record("seed \(seed), step \(step): \(problem)\n\(schedule.latest.joined(separator: "\n"))")
                return
            }
        }
    }

    @Test("Every state, kind of move and reason to reject occurs in them")
    func coverage() {
        var steps: Set<CircuitBreaker.Step> = []
        var rejections: Set<CircuitBreaker.Rejection.Reason> = []
        var late = 0
        for seed in UInt64(1)...20 {
            var schedule = Schedule(seed: seed)
            for _ in 0..<200 { schedule.step() }
            let status = schedule.driver.status
            steps.formUnion(status.transitionCounts.keys)
            rejections.formUnion(CircuitBreaker.Rejection.Reason.allCases.filter { status.rejected[$0] > 0 })
            late += status.lateTotal
        }
        #expect(Set(steps.map(\.cause)) == Set(CircuitBreaker.Cause.allCases))
        #expect(rejections == Set(CircuitBreaker.Rejection.Reason.allCases))
        #expect(late > 20)
    }
}

private struct Schedule {
    let driver = CircuitDriver()
    private(set) var problem: String?
    private(set) var latest: [String] = []
    private var model = CircuitModel()
    private var random: SplitMix64
    /// What was given for each entry of the model's ledger.
    private var permits: [CircuitBreaker.Permit] = []
    /// Entries that will still be ended; the rest was ended or is lost.
    private var held: [Int] = []
    /// Probes that have not been ended, lost or not.
    private var rounds: [Int: Probe] = [:]

    /// The longest of any lease, reset timeout and hold.
    private static let longest = 40

    init(seed: UInt64) {
        self.random = SplitMix64(state: seed)
        self.changePolicy()
    }

    mutating func step() {
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<35: self.admit()
        case 35..<70: self.end()
        case 70..<74: self.lose()
        case 74..<95: self.wait()
        case 95..<97: self.changePolicy()
        case 97..<99: self.force()
        default: self.reset()
        }
        self.compare()
        self.checkRejection()
        self.checkLiveness()
    }

    private mutating func admit() {
        let probesBefore = self.probesInFlight
        let expected = self.model.admit()
        let admission = self.driver.ask()
        self.note("admit: \(admission)")
        switch (admission, expected) {
        case (.admitted(let permit, _), .probe) where permit.isProbe:
            self.keepProbe(permit)
            self.require(probesBefore < self.driver.breaker.policy.probes, "a probe too many")
        case (.admitted(let permit, _), .pass) where !permit.isProbe:
            self.keep(permit)
        case (.admitted(let permit, let events), .wouldReject) where !permit.isProbe:
            let isTold = events.contains { if case .wouldReject = $0 { true } else { false } }
            self.require(isTold, "let pass in silence")
            self.keep(permit)
        case (.rejected(let rejection, _), .reject(let state, let ticks)) where rejection.state == state:
            self.require(ticks == nil || rejection.retryAfter == .milliseconds(ticks ?? 0), "expected \(expected)")
        default:
            self.require(false, "expected \(expected)")
        }
    }

    private mutating func keep(_ permit: CircuitBreaker.Permit) {
        self.held.append(self.permits.count)
        self.permits.append(permit)
    }

    private mutating func keepProbe(_ permit: CircuitBreaker.Permit) {
        if let round = self.driver.status.transitions.last {
            let leaseEnd = self.driver.now.advanced(by: self.driver.breaker.policy.probeLease)
            self.rounds[self.permits.count] = Probe(round: round, leaseEnd: leaseEnd)
        }
        self.keep(permit)
    }

    private mutating func end() {
        guard let index = self.takeHeld(), let outcome = Self.outcomes.randomElement(using: &self.random) else {
            return
        }
        self.note("end \(index): \(outcome)")
        self.rounds[index] = nil
        self.model.end(index, outcome)
        self.driver.end(self.permits[index], outcome)
    }

    private mutating func lose() {
        guard let index = self.takeHeld() else { return }
        self.note("lose \(index)")
    }

    private mutating func takeHeld() -> Int? {
        guard !self.held.isEmpty else { return nil }
        return self.held.remove(at: Int.random(in: 0..<self.held.count, using: &self.random))
    }

    private mutating func wait() {
        let ticks = Int.random(in: 1...15, using: &self.random)
        self.note("wait \(ticks)")
        for _ in 0..<ticks { self.model.tick() }
        self.driver.wait(.milliseconds(ticks))
    }

    private mutating func changePolicy() {
        self.model.failMax = Int.random(in: 1...4, using: &self.random)
        self.model.resetTicks = Int.random(in: 1...Self.longest, using: &self.random)
        self.model.successThreshold = Int.random(in: 1...3, using: &self.random)
        self.model.probes = Int.random(in: 1...3, using: &self.random)
        self.model.leaseTicks = Int.random(in: 1...Self.longest, using: &self.random)
        self.model.isEnforced = Int.random(in: 0..<5, using: &self.random) > 0
        self.model.excludedCounts = Bool.random(using: &self.random)
        let model = self.model
        self.driver.apply {
            $0.failMax = model.failMax
            $0.resetTimeout = .milliseconds(model.resetTicks)
            $0.successThreshold = model.successThreshold
            $0.probes = model.probes
            $0.probeLease = .milliseconds(model.leaseTicks)
            $0.mode = model.isEnforced ? .enforce : .observe
            $0.excludedAs = model.excludedCounts ? .success : .neutral
        }
        self.note("policy: \(self.driver.breaker.policy)")
    }

    private mutating func force() {
        let state: CircuitBreaker.ForcedState = Bool.random(using: &self.random) ? .open : .closed
        let ticks = Bool.random(using: &self.random) ? Int.random(in: 1...Self.longest, using: &self.random) : nil
        self.note("force \(state) for \(ticks.map(String.init) ?? "ever")")
        self.model.force(state, ticks: ticks)
        self.driver.force(state, for: ticks.map { .milliseconds($0) })
    }

    private mutating func reset() {
        self.note("reset")
        self.model.close()
        self.driver.reset()
    }

    private mutating func compare() {
        let status = self.driver.status
        let expected = self.model.state
        self.require(status.state == expected, "\(status.state), not \(expected)")
        self.require(self.driver.state == expected, "its state and its status differ")
        self.requireEqual(status.failCount, self.model.failures, "fail count")
        self.requireEqual(status.successCount, self.model.successes, "success count")
        self.requireEqual(status.openedTotal, self.model.opened, "opened")
        self.requireEqual(status.rejectedTotal, self.model.rejected, "rejected")
        self.requireEqual(status.wouldRejectTotal, self.model.wouldReject, "would reject")
        self.requireEqual(status.lateTotal, self.model.late, "late")
        self.requireEqual(status.inFlight, self.model.out, "in flight")
    }

    /// To reject is to do what asking would do, where that is nothing else; otherwise it is to do nothing.
    private mutating func checkRejection() {
        let now = self.driver.now
        var (asked, told, refused) = (self.driver.breaker, self.driver.breaker, self.driver.breaker)
        let before = asked.status(at: now)
        var expected: CircuitBreaker.Rejection?
        if case .rejected(let rejection, []) = asked.admit(now: now) { expected = rejection }
        var seen: CircuitBreaker.Rejection?
        let isRejected = told.reject(now: now) {
            seen = $0
            return true
        }
        self.require(
            isRejected == (expected != nil) && seen == expected,
            "rejects \(seen as Any), not \(expected as Any)"
        )
        let after = isRejected ? asked.status(at: now) : before
        self.require(told.status(at: now) == after, "has done something else")
        self.require(!refused.reject(now: now) { _ in false }, "rejects what was not expected")
        self.require(refused.status(at: now) == before, "has done something")
    }

    /// From here, should every permit be lost and the upstream be well again, the circuit closes.
    private mutating func checkLiveness() {
        var breaker = self.driver.breaker
        var now = self.driver.now
        let status = breaker.status(at: now)
        if status.forced != nil, status.forcedUntil == nil { _ = breaker.reset(now: now) }
        now = now.advanced(by: .milliseconds(2 * Self.longest))
        for _ in 0..<breaker.policy.successThreshold {
            guard case .admitted(let permit, _) = breaker.admit(now: now) else {
                self.require(false, "stuck")
                return
            }
            _ = breaker.record(.success, for: permit, now: now)
        }
        self.require(breaker.state(at: now) == .closed, "does not recover")
    }

    /// Counted without the model: probes of the newest round that are neither ended nor beyond their lease.
    private var probesInFlight: Int {
        let newest = self.driver.status.transitions.last
        guard let newest, newest.to == .halfOpen else { return 0 }
        return self.rounds.count { $0.value.round == newest && self.driver.now < $0.value.leaseEnd }
    }

    private struct Probe {
        let round: CircuitBreaker.Transition
        let leaseEnd: CircuitBreaker.Instant
    }

    private mutating func note(_ text: String) {
        self.latest.append(text)
        if self.latest.count > 25 { self.latest.removeFirst() }
    }

    private mutating func require(_ condition: Bool, _ message: @autoclosure () -> String) {
        if !condition, self.problem == nil { self.problem = message() }
    }

    private mutating func requireEqual(_ value: Int, _ expected: Int, _ name: String) {
        self.require(value == expected, "\(name) \(value), not \(expected)")
    }

    private static let outcomes: [Outcome] = [
        .success, .success, .success, .failure(.status), .failure(.timeout), .excluded, .throttled, .cancelled,
    ]
}

/// Steele, Lea and Flood's generator: the same numbers for the same seed on every machine.
private struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
