// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("The status of a circuit")
struct StatusTests {
    @Test("The latest 16 transitions are kept, oldest first, and all are counted")
    func history() {
        let driver = CircuitDriver { $0.failMax = 1 }
        driver.attempt(.failure(.dns))
        for _ in 0..<20 {
            driver.wait(.seconds(60))
            driver.attempt(.failure(.dns))
        }
        let status = driver.status
        #expect(status.transitions.count == 16)
        #expect(status.transitions.map(\.at) == status.transitions.map(\.at).sorted())
        #expect(status.transitions.last?.to == .open)
        #expect(status.openedTotal == 21)
        #expect(status.transitionCounts[.init(from: .closed, to: .open, cause: .failures)] == 1)
        #expect(status.transitionCounts[.init(from: .open, to: .halfOpen, cause: .resetTimeout)] == 20)
        #expect(status.transitionCounts[.init(from: .halfOpen, to: .open, cause: .probeFailed)] == 20)
    }

    @Test("Open time grows while open and stops when a probe may pass")
    func openTime() {
        let driver = CircuitDriver.open()
        driver.wait(.seconds(25))
        #expect(driver.status.openTime == .seconds(25))
        driver.wait(.seconds(100))
        #expect(driver.status.openTime == .seconds(60))
        driver.attempt(.failure(.dns))
        driver.wait(.seconds(10))
        #expect(driver.status.openTime == .seconds(70))
        driver.reset()
        driver.wait(.seconds(10))
        #expect(driver.status.openTime == .seconds(70))
    }

    @Test("Since is when the state began")
    func since() {
        let driver = CircuitDriver()
        driver.wait(.seconds(3))
        driver.attempt([.failure(.dns), .failure(.dns), .failure(.dns)])
        #expect(driver.status.since == driver.start + .seconds(3))
        driver.wait(.seconds(61))
        driver.attempt([.success])
        #expect(driver.status.since == driver.start + .seconds(64))
        driver.wait(.seconds(1))
        driver.attempt([.success])
        #expect(driver.status.since == driver.start + .seconds(65))
    }

    @Test("Reading it changes nothing")
    func pure() {
        let driver = CircuitDriver.halfOpen()
        _ = driver.admit()
        driver.wait(.seconds(30))
        let first = driver.status
        #expect(driver.status == first)
        _ = driver.takeEvents()
        _ = driver.rejection()
        #expect(driver.takeEvents().count == 3, "the lease that ran out is told by the call that notices")
    }

    @Test("In flight counts every permit until it returns, late or not")
    func inFlight() {
        let driver = CircuitDriver()
        let permits = (0..<5).map { _ in driver.admit() }
        for (index, permit) in permits.enumerated() {
            #expect(driver.status.inFlight == 5 - index)
            driver.end(permit, .failure(.dns))
        }
        #expect(driver.status.inFlight == 0)
    }

    @Test("The words that answers, logs and metrics use", arguments: zip(CircuitBreaker.State.allCases, words))
    func spelling(state: CircuitBreaker.State, word: String) {
        #expect(state.rawValue == word)
    }

    private static let words = ["closed", "open", "half-open"]
}
