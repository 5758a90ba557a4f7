// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("A circuit that somebody forces")
struct OverrideTests {
    @Test("Forced open it rejects until its time is over, and then it is probed")
    func forcedOpen() throws {
        let driver = CircuitDriver()
        driver.force(.open, for: .seconds(600))
        #expect(driver.state == .open)
        #expect(driver.status.forced == .open)
        #expect(driver.status.forcedUntil == driver.start + .seconds(600))
        driver.wait(.seconds(100))
        let rejection = try #require(driver.rejection())
        #expect(rejection.reason == .forced)
        #expect(rejection.retryAfter == .seconds(500))
        driver.wait(.seconds(500))
        #expect(driver.state == .halfOpen)
        #expect(driver.status.forced == nil)
        driver.attempt([.success, .success])
        #expect(driver.state == .closed)
    }

    @Test("Forced open without an end it stays so until it is reset")
    func forcedOpenForEver() throws {
        let driver = CircuitDriver()
        driver.force(.open)
        driver.wait(.seconds(86_400 * 30))
        let rejection = try #require(driver.rejection())
        #expect(rejection.retryAfter == nil)
        #expect(driver.status.retryIn == nil)
        #expect(driver.status.openTime == .seconds(86_400 * 30))
        driver.reset()
        #expect(driver.state == .closed)
        #expect(driver.attempt(.success))
    }

    @Test("Forced closed it lets everything pass and counts nothing, and starts anew when the time is over")
    func forcedClosed() {
        let driver = CircuitDriver.open()
        driver.force(.closed, for: .seconds(60))
        #expect(driver.state == .closed)
        #expect(driver.status.forced == .closed)
        for _ in 0..<100 { #expect(driver.attempt(.failure(.status))) }
        #expect(driver.state == .closed)
        driver.wait(.seconds(60))
        #expect(driver.state == .closed)
        #expect(driver.status.forced == nil)
        #expect(driver.status.failCount == 0)
        driver.attempt([.failure(.status), .failure(.status), .failure(.status)])
        #expect(driver.state == .open)
    }

    @Test("The last word counts")
    func overridden() {
        let driver = CircuitDriver()
        driver.force(.open)
        driver.force(.closed, for: .seconds(5))
        #expect(driver.state == .closed)
        driver.force(.open, for: .seconds(5))
        #expect(driver.state == .open)
    }

    @Test("What was under way when it was forced or reset moves nothing", arguments: Outcome.all)
    func underWay(outcome: Outcome) {
        let driver = CircuitDriver { $0.failMax = 1 }
        let before = driver.admit()
        driver.force(.open, for: .seconds(1))
        driver.end(before, outcome)
        driver.wait(.seconds(1))
        #expect(driver.status.successCount == 0)
        let probe = driver.admit()
        driver.reset()
        driver.end(probe, outcome)
        #expect(driver.state == .closed)
        #expect(driver.status.failCount == 0)
    }

    @Test("A reset closes it from every state and keeps the totals")
    func reset() {
        var driver = CircuitDriver()
        driver.attempt([.failure(.dns), .failure(.dns)])
        driver.reset()
        #expect(driver.status.failCount == 0)
        #expect(driver.status.transitions.isEmpty, "it was closed before")

        for circuit in [CircuitDriver.open(), .halfOpen()] {
            driver = circuit
            _ = driver.rejection()
            driver.reset()
            #expect(driver.state == .closed)
            #expect(driver.status.failCount == 0)
            #expect(driver.status.openedTotal == 1)
            #expect(driver.status.transitions.last?.cause == .reset)
        }
    }

    @Test("What is done by hand is told as such")
    func events() {
        let driver = CircuitDriver()
        driver.force(.open, for: .seconds(5))
        var told = driver.takeEvents()
        #expect(told.count == 3)
        #expect(told.first == .forced(.open, for: .seconds(5)))
        guard case .opened(let opening)? = told.last else {
            Issue.record("\(told)")
            return
        }
        #expect(opening.isForced)
        #expect(opening.duration == .seconds(5))
        driver.reset()
        told = driver.takeEvents()
        #expect(told.first == .wasReset)
        driver.force(.closed)
        #expect(driver.takeEvents() == [.forced(.closed, for: nil)])
    }

    @Test("The end of an override is dated when it was due, and told with the next call")
    func expiry() {
        let driver = CircuitDriver()
        driver.force(.open, for: .seconds(5))
        driver.wait(.seconds(9))
        #expect(driver.status.since == driver.start + .seconds(5))
        #expect(driver.attempt(.success))
        let step = CircuitBreaker.Step(from: .open, to: .halfOpen, cause: .forceExpired)
        #expect(driver.status.transitionCounts[step] == 1)
        #expect(driver.status.openTime == .seconds(5))
    }

    @Test("An end that has passed already forces nothing")
    func pastEnd() {
        let driver = CircuitDriver()
        driver.force(.open, for: .seconds(-5))
        #expect(driver.state == .halfOpen)
        #expect(driver.attempt(.success))
        #expect(driver.status.openTime == .zero)
    }
}
