// SPDX-License-Identifier: Apache-2.0

import Resilience
import Testing

/// Every state with every input. A row says what readers see afterwards.
@Suite("Every state with every input")
struct StateTableTests {
    @Test("What each input makes of each state", arguments: rows)
    func row(row: Row) {
        let (driver, permits) = row.from.circuit()
        row.input.apply(to: driver, permits)
        let status = driver.status
        #expect(Seen(status.state, status.failCount, status.successCount) == row.expected)
        #expect(driver.state == status.state)
        #expect(status.transitions.count == status.transitionCounts.values.reduce(0, +))
    }

    @Test("The table leaves nothing out")
    func complete() {
        let pairs = Self.rows.map { "\($0.from), \($0.input)" }
        #expect(Set(pairs).count == Situation.allCases.count * Input.allCases.count)
        #expect(pairs.count == Set(pairs).count)
    }

    private static let rows: [Row] = [
        (.closed, closedTable), (.failing, failingTable), (.open, openTable), (.timeUp, timeUpTable),
        (.halfOpen, halfOpenTable), (.leaseOver, leaseOverTable), (.heldOpen, heldOpenTable),
        (.heldClosed, heldClosedTable),
    ].flatMap { from, table in table.map { Row(from: from, input: $0.0, expected: $0.1) } }
}

struct Row: Sendable, CustomTestStringConvertible {
    let from: Situation
    let input: Input
    let expected: Seen
    var testDescription: String { "\(self.from), \(self.input)" }
}

struct Seen: Equatable, Sendable {
    let state: CircuitBreaker.State
    let failCount: Int
    let successCount: Int

    init(_ state: CircuitBreaker.State, _ failCount: Int, _ successCount: Int) {
        self.state = state
        self.failCount = failCount
        self.successCount = successCount
    }
}

/// States as inputs lead to them: fail_max 3, success_threshold 2, two probes, so that a place is free.
enum Situation: CaseIterable, Sendable {
    case closed, failing, open, timeUp, halfOpen, leaseOver, heldOpen, heldClosed

    /// The circuit, a permit of an earlier generation and one of this, where there can be one.
    func circuit() -> (CircuitDriver, Permits) {
        let driver = CircuitDriver { $0.probes = 2 }
        let early = driver.admit()
        driver.reset()
        switch self {
        case .closed: break
        case .failing: driver.attempt([.failure(.dns), .failure(.dns)])
        case .open, .timeUp, .halfOpen, .leaseOver:
            driver.attempt([.failure(.dns), .failure(.dns), .failure(.dns)])
        case .heldOpen: driver.force(.open)
        case .heldClosed: driver.force(.closed)
        }
        if [.timeUp, .halfOpen, .leaseOver].contains(self) { driver.wait(.seconds(60)) }
        if [.halfOpen, .leaseOver].contains(self) { driver.attempt(.success) }
        let current = [.open, .timeUp, .heldOpen].contains(self) ? nil : driver.admit()
        if self == .leaseOver { driver.wait(.seconds(10)) }
        return (driver, Permits(early: early, current: current))
    }
}

struct Permits {
    let early: CircuitBreaker.Permit?
    let current: CircuitBreaker.Permit?
}

enum Input: CaseIterable, Sendable {
    case admit, success, failure, excluded, throttled, cancelled
    case lateSuccess, lateFailure, lateCancelled
    case forceOpen, forceClosed, reset, waitLease, waitReset

    func apply(to driver: CircuitDriver, _ permits: Permits) {
        switch self {
        case .admit: _ = driver.admit()
        case .success: driver.end(permits.current, .success)
        case .failure: driver.end(permits.current, .failure(.status))
        case .excluded: driver.end(permits.current, .excluded)
        case .throttled: driver.end(permits.current, .throttled)
        case .cancelled: driver.end(permits.current, .cancelled)
        case .lateSuccess: driver.end(permits.early, .success)
        case .lateFailure: driver.end(permits.early, .failure(.status))
        case .lateCancelled: driver.end(permits.early, .cancelled)
        case .forceOpen: driver.force(.open)
        case .forceClosed: driver.force(.closed)
        case .reset: driver.reset()
        case .waitLease: driver.wait(.seconds(10))
        case .waitReset: driver.wait(.seconds(60))
        }
    }
}

private typealias Table = [(Input, Seen)]

/// The same outcome for several inputs.
private func all(_ inputs: [Input], _ seen: Seen) -> Table { inputs.map { ($0, seen) } }

private let lateInputs: [Input] = [.lateSuccess, .lateFailure, .lateCancelled]
private let neutralInputs: [Input] = [.excluded, .throttled, .cancelled]
private let outcomes: [Input] = [.success, .failure] + neutralInputs
private let waits: [Input] = [.waitLease, .waitReset]

private let closedTable: Table =
    all([.admit, .success, .reset, .forceClosed] + neutralInputs + lateInputs + waits, Seen(.closed, 0, 0))
    + [(.failure, Seen(.closed, 1, 0)), (.forceOpen, Seen(.open, 0, 0))]

private let failingTable: Table =
    all([.admit] + neutralInputs + lateInputs + waits, Seen(.closed, 2, 0))
    + [
        (.success, Seen(.closed, 0, 0)), (.failure, Seen(.open, 3, 0)), (.reset, Seen(.closed, 0, 0)),
        (.forceOpen, Seen(.open, 2, 0)), (.forceClosed, Seen(.closed, 2, 0)),
    ]

private let openTable: Table =
    all([.admit, .forceOpen, .waitLease] + outcomes + lateInputs, Seen(.open, 3, 0))
    + [
        (.reset, Seen(.closed, 0, 0)), (.forceClosed, Seen(.closed, 3, 0)), (.waitReset, Seen(.halfOpen, 3, 0)),
    ]

private let timeUpTable: Table =
    all([.admit] + outcomes + lateInputs + waits, Seen(.halfOpen, 3, 0))
    + [
        (.reset, Seen(.closed, 0, 0)), (.forceOpen, Seen(.open, 3, 0)), (.forceClosed, Seen(.closed, 3, 0)),
    ]

private let halfOpenTable: Table =
    all([.admit] + neutralInputs + lateInputs, Seen(.halfOpen, 3, 1))
    + [
        (.success, Seen(.closed, 0, 0)), (.failure, Seen(.open, 4, 0)), (.reset, Seen(.closed, 0, 0)),
        (.forceOpen, Seen(.open, 3, 0)), (.forceClosed, Seen(.closed, 3, 0)),
        // The lease ends after 10 s, and the open time that follows 60 s later.
        (.waitLease, Seen(.open, 4, 0)), (.waitReset, Seen(.open, 4, 0)),
    ]

private let leaseOverTable: Table =
    all([.admit, .forceOpen, .waitLease] + outcomes + lateInputs, Seen(.open, 4, 0))
    + [
        (.reset, Seen(.closed, 0, 0)), (.forceClosed, Seen(.closed, 4, 0)), (.waitReset, Seen(.halfOpen, 4, 0)),
    ]

private let heldOpenTable: Table =
    all([.admit, .forceOpen] + outcomes + lateInputs + waits, Seen(.open, 0, 0))
    + all([.reset, .forceClosed], Seen(.closed, 0, 0))

private let heldClosedTable: Table =
    all([.admit, .forceClosed, .reset] + outcomes + lateInputs + waits, Seen(.closed, 0, 0))
    + [(.forceOpen, Seen(.open, 0, 0))]
