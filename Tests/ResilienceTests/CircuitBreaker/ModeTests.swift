// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("Mode")
struct ModeTests {
    @Test("An observing circuit counts and moves, says whom it would reject, and rejects nobody")
    func observe() throws {
        let driver = CircuitDriver.open { $0.mode = .observe }
        #expect(driver.state == .open)
        #expect(driver.status.isAvailable)
        _ = driver.takeEvents()
        let permit = try #require(driver.admit())
        #expect(!permit.isProbe)
        guard case .wouldReject(let rejection)? = driver.takeEvents().first else {
            Issue.record("nothing was told")
            return
        }
        #expect(rejection.retryAfter == .seconds(60))
        #expect(driver.status.rejectedTotal == 0)
        #expect(driver.status.wouldRejectTotal == 1)
    }

    @Test("What an observing circuit would have rejected moves nothing, for it would not have happened")
    func observedOutcomes() {
        let driver = CircuitDriver.open { $0.mode = .observe }
        for _ in 0..<20 { driver.attempt(.failure(.status)) }
        #expect(driver.status.failCount == 3)
        #expect(driver.status.lateTotal == 0)
        driver.wait(.seconds(60))
        let probe = driver.admit()
        for _ in 0..<5 { driver.attempt(.failure(.status)) }
        #expect(driver.state == .halfOpen)
        driver.end(probe, .success)
        driver.attempt(.success)
        #expect(driver.state == .closed)
    }

    @Test("A circuit that is off neither counts nor rejects, and says it is closed")
    func off() {
        let driver = CircuitDriver { $0.mode = .off }
        for _ in 0..<100 { #expect(driver.attempt(.failure(.status))) }
        #expect(driver.state == .closed)
        #expect(driver.status.failCount == 0)
        #expect(driver.status.inFlight == 0)
        #expect(driver.takeEvents().isEmpty)
    }

    @Test("Switching an open circuit off lets everything pass at once, and silently")
    func switchOff() {
        let driver = CircuitDriver.open()
        _ = driver.takeEvents()
        driver.apply { $0.mode = .off }
        #expect(driver.state == .closed)
        #expect(driver.status.isAvailable)
        for _ in 0..<10 { #expect(driver.attempt(.failure(.dns))) }
        #expect(driver.takeEvents().isEmpty)
        driver.apply { $0.mode = .enforce }
        #expect(driver.state == .open, "what was learnt is not forgotten")
        #expect(driver.status.failCount == 3)
    }

    @Test("What was admitted while off counts nowhere once it is on again")
    func admittedWhileOff() {
        let driver = CircuitDriver { $0.mode = .off }
        let permits = (0..<10).map { _ in driver.admit() }
        driver.apply { $0.mode = .enforce }
        for permit in permits { driver.end(permit, .failure(.dns)) }
        #expect(driver.state == .closed)
        #expect(driver.status.failCount == 0)
        #expect(driver.status.lateTotal == 0)
    }

    @Test("A probe that ends while the circuit is off gives its place back", arguments: Outcome.all)
    func probeEndsWhileOff(outcome: Outcome) {
        let driver = CircuitDriver.halfOpen()
        let probe = driver.admit()
        driver.apply { $0.mode = .off }
        driver.wait(.seconds(1000))
        driver.end(probe, outcome)
        driver.apply { $0.mode = .enforce }
        #expect(driver.state == .halfOpen)
        #expect(driver.attempt(.success))
    }
}
