// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("New thresholds")
struct PolicyChangeTests {
    @Test("A lower fail_max is judged at the next outcome, on the count there is")
    func lowerFailMax() {
        let driver = CircuitDriver { $0.failMax = 10 }
        for _ in 0..<5 { driver.attempt(.failure(.status)) }
        driver.apply { $0.failMax = 3 }
        #expect(driver.state == .closed)
        #expect(driver.status.failCount == 5)
        driver.attempt(.failure(.status))
        #expect(driver.state == .open)
        #expect(driver.status.failCount == 6)
    }

    @Test("A success after a lower fail_max clears the count as ever")
    func lowerFailMaxThenSuccess() {
        let driver = CircuitDriver { $0.failMax = 10 }
        for _ in 0..<5 { driver.attempt(.failure(.status)) }
        driver.apply { $0.failMax = 3 }
        driver.attempt(.success)
        #expect(driver.state == .closed)
        #expect(driver.status.failCount == 0)
    }

    @Test("A higher fail_max gives the circuit more room")
    func higherFailMax() {
        let driver = CircuitDriver()
        driver.attempt([.failure(.status), .failure(.status)])
        driver.apply { $0.failMax = 4 }
        driver.attempt(.failure(.status))
        #expect(driver.state == .closed)
        driver.attempt(.failure(.status))
        #expect(driver.state == .open)
    }

    @Test("A new reset_timeout holds for a circuit that is open already")
    func resetTimeout() {
        let driver = CircuitDriver.open()
        driver.wait(.seconds(10))
        driver.apply { $0.resetTimeout = .seconds(15) }
        #expect(driver.status.retryIn == .seconds(5))
        driver.apply { $0.resetTimeout = .seconds(5) }
        #expect(driver.state == .halfOpen)
        #expect(driver.attempt(.success))
    }

    @Test("A lower success_threshold is judged at the next success")
    func successThreshold() {
        let driver = CircuitDriver.halfOpen { $0.successThreshold = 5 }
        driver.attempt([.success, .success])
        driver.apply { $0.successThreshold = 2 }
        #expect(driver.state == .halfOpen)
        driver.attempt(.success)
        #expect(driver.state == .closed)
    }

    @Test("Fewer places let those end that are under way, and admit nobody until there is room")
    func probes() {
        let driver = CircuitDriver.halfOpen { $0.probes = 3 }
        let permits = (0..<3).map { _ in driver.admit() }
        driver.apply { $0.probes = 1 }
        for permit in permits.dropLast() {
            driver.end(permit, .excluded)
            #expect(driver.admit() == nil)
        }
        driver.end(permits.last ?? nil, .excluded)
        #expect(driver.admit() != nil)
    }

    @Test("A new lease holds for the probes that follow")
    func probeLease() {
        let driver = CircuitDriver.halfOpen()
        _ = driver.admit()
        driver.apply { $0.probeLease = .seconds(1) }
        driver.wait(.seconds(9))
        #expect(driver.state == .halfOpen)
        driver.wait(.seconds(1))
        #expect(driver.state == .open)
    }
}
