// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

@Suite("A closed circuit")
struct ClosedTests {
    @Test("It starts closed, with nothing counted")
    func start() {
        let status = CircuitDriver().status
        #expect(status.state == .closed)
        #expect(status.isAvailable)
        #expect(status.failCount == 0)
        #expect(status.since == nil)
        #expect(status.lastFailure == nil)
        #expect(status.transitions.isEmpty)
    }

    @Test("It admits any number of attempts at once, none of them a probe")
    func admitsAll() throws {
        let driver = CircuitDriver()
        for _ in 0..<100 {
            let permit = try #require(driver.admit())
            #expect(!permit.isProbe)
        }
        #expect(driver.status.inFlight == 100)
    }

    @Test("It opens on the failure that reaches fail_max, not on the one after", arguments: [1, 2, 3, 5, 1000])
    func threshold(failMax: Int) {
        let driver = CircuitDriver { $0.failMax = failMax }
        for count in 1..<failMax + 1 {
            #expect(driver.state == .closed)
            #expect(driver.attempt(.failure(.status)))
            #expect(driver.status.failCount == count)
        }
        #expect(driver.state == .open)
        #expect(!driver.attempt(.success))
    }

    @Test("Every kind of failure counts", arguments: FailureKind.allCases)
    func kinds(kind: FailureKind) throws {
        let driver = CircuitDriver()
        driver.wait(.seconds(1))
        driver.attempt(.failure(kind))
        #expect(driver.status.failCount == 1)
        let last = try #require(driver.status.lastFailure)
        #expect(last.kind == kind)
        #expect(last.at == driver.start + .seconds(1))
    }

    @Test("A success sets the count of failures to zero")
    func successClears() {
        let driver = CircuitDriver()
        driver.attempt([.failure(.reset), .failure(.reset), .success])
        #expect(driver.status.failCount == 0)
        driver.attempt([.failure(.reset), .failure(.reset)])
        #expect(driver.state == .closed)
        #expect(driver.status.failCount == 2)
    }

    @Test("Excluded, throttled and cancelled outcomes neither count nor clear", arguments: Outcome.neutral)
    func neutral(outcome: Outcome) {
        let driver = CircuitDriver()
        driver.attempt([.failure(.tls), .failure(.tls)])
        for _ in 0..<10 { driver.attempt(outcome) }
        #expect(driver.status.failCount == 2)
        driver.attempt(.failure(.tls))
        #expect(driver.state == .open)
    }

    @Test("Excluded as success clears the count, as pybreaker has it")
    func excludedAsSuccess() {
        let driver = CircuitDriver { $0.excludedAs = .success }
        driver.attempt([.failure(.tls), .failure(.tls), .excluded])
        #expect(driver.status.failCount == 0)
        driver.attempt([.failure(.tls), .throttled, .cancelled])
        #expect(driver.status.failCount == 1)
    }

    @Test("Failures do not fade with time")
    func noWindow() {
        let driver = CircuitDriver()
        driver.attempt([.failure(.dns), .failure(.dns)])
        driver.wait(.seconds(86_400))
        driver.attempt(.failure(.dns))
        #expect(driver.state == .open)
    }

    @Test("Ten failures under way at once open it with a count of three, and no later count")
    func concurrentFailures() {
        let driver = CircuitDriver()
        let permits = (0..<10).map { _ in driver.admit() }
        for permit in permits { driver.end(permit, .failure(.timeout)) }
        let status = driver.status
        #expect(status.state == .open)
        #expect(status.failCount == 3)
        #expect(status.openedTotal == 1)
        #expect(status.lateTotal == 7)
        #expect(status.inFlight == 0)
    }

    @Test("The failure that opens it tells of the threshold, the transition and the open time, in this order")
    func events() throws {
        let driver = CircuitDriver.open()
        let failed: [CircuitDriver.Event] = [
            .failed(.timeout, count: 1, of: 3), .failed(.timeout, count: 2, of: 3),
            .reachedThreshold(.timeout, count: 3),
        ]
        let told = driver.takeEvents()
        #expect(Array(told.prefix(3)) == failed)
        try #require(told.count == 5)
        #expect(driver.status.transitions.map { CircuitDriver.Event.moved($0) } == [told[3]])
        guard case .moved(let transition) = told[3], case .opened(let opening) = told[4] else {
            Issue.record("\(told)")
            return
        }
        #expect(transition.step == .init(from: .closed, to: .open, cause: .failures))
        #expect(transition.failCount == 3)
        #expect(transition.successCount == 0)
        #expect(opening.duration == .seconds(60))
        #expect(opening.failMax == 3)
        #expect(!opening.isForced)
    }

    @Test("A success is told only to those who ask for it")
    func successEvents() {
        let driver = CircuitDriver()
        driver.attempt(.success)
        #expect(driver.takeEvents().isEmpty)
        driver.breaker.reportsSuccesses = true
        driver.attempt(.success)
        #expect(driver.takeEvents() == [.succeeded])
    }
}
