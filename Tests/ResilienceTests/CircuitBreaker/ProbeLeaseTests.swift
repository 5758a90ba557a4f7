// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("A probe that does not return")
struct ProbeLeaseTests {
    @Test("It counts as a failure by timeout when its lease ends, and the circuit opens again from then on")
    func expires() {
        let driver = CircuitDriver.halfOpen()
        _ = driver.admit()
        _ = driver.takeEvents()
        driver.wait(.seconds(10) - .nanoseconds(1))
        #expect(driver.state == .halfOpen)
        driver.wait(.nanoseconds(1))
        #expect(driver.state == .open)
        driver.wait(.seconds(5))
        #expect(driver.rejection()?.retryAfter == .seconds(55))
        #expect(driver.status.lastFailure?.kind == .timeout)
        #expect(driver.status.lastFailure?.at == driver.start + .seconds(70))
        #expect(driver.takeEvents().first == .probeFailed(.timeout))
        #expect(driver.status.transitions.last?.step == .init(from: .halfOpen, to: .open, cause: .probeExpired))
        #expect(driver.status.transitions.last?.at == driver.start + .seconds(70))
    }

    @Test("Readers see that before any attempt has noticed")
    func readersSeeIt() {
        let driver = CircuitDriver.halfOpen()
        _ = driver.admit()
        driver.wait(.seconds(15))
        let status = driver.status
        #expect(status.state == .open)
        #expect(status.failCount == 4)
        #expect(status.retryIn == .seconds(55))
        #expect(status.since == driver.start + .seconds(70))
        #expect(status.openedTotal == 2)
        driver.wait(.seconds(55))
        #expect(driver.state == .halfOpen)
        #expect(driver.status.since == driver.start + .seconds(130))
    }

    @Test("The circuit probes again after the reset timeout, however many are lost")
    func recovers() {
        let driver = CircuitDriver.halfOpen { $0.probes = 3 }
        for _ in 0..<50 {
            #expect(driver.admit() != nil)
            #expect(driver.admit() != nil)
            driver.wait(.seconds(70))
        }
        #expect(driver.attempt(.success))
        #expect(driver.attempt(.success))
        #expect(driver.state == .closed)
    }

    @Test("It is too late when it does return, and does not free a place that is another's", arguments: Outcome.all)
    func late(outcome: Outcome) {
        let driver = CircuitDriver.halfOpen()
        let lost = driver.admit()
        driver.wait(.seconds(70))
        let probe = driver.admit()
        #expect(probe != nil)
        driver.end(lost, outcome)
        #expect(driver.state == .halfOpen)
        #expect(driver.admit() == nil)
        driver.end(probe, .success)
        #expect(driver.status.successCount == 1)
    }

    @Test("Returning at the very end of the lease is too late, a nanosecond before it is not")
    func boundary() {
        var driver = CircuitDriver.halfOpen { $0.successThreshold = 1 }
        var probe = driver.admit()
        driver.wait(.seconds(10))
        driver.end(probe, .success)
        #expect(driver.state == .open)

        driver = .halfOpen { $0.successThreshold = 1 }
        probe = driver.admit()
        driver.wait(.seconds(10) - .nanoseconds(1))
        driver.end(probe, .success)
        #expect(driver.state == .closed)
    }

    @Test("Of several probes the oldest decides")
    func oldest() {
        let driver = CircuitDriver.halfOpen { $0.probes = 2 }
        let old = driver.admit()
        driver.wait(.seconds(4))
        let young = driver.admit()
        driver.end(old, .success)
        driver.wait(.seconds(9))
        #expect(driver.state == .halfOpen, "the lease that is left ends at 14 s")
        driver.end(young, .success)
        #expect(driver.state == .closed)
    }
}
