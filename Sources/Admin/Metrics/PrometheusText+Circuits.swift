// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Resilience

extension PrometheusText {
    /// Where the circuits stand, and what has become of them.
    mutating func writeCircuits(_ circuits: [CircuitReading], at clock: WallClock) {
        self.family(
            "windbreak_breaker_state",
            .gauge,
            "0 closed, 1 half-open, 2 open, 3 forced open, 4 forced closed."
        )
        for circuit in circuits {
            self.sample("windbreak_breaker_state", ["upstream": circuit.name], circuit.position.rawValue)
        }
        self.family("windbreak_breaker_state_info", .gauge, "1 for the state that the circuit is in.")
        for circuit in circuits {
            let labels: Labels = ["upstream": circuit.name, "state": circuit.position.word]
            self.sample("windbreak_breaker_state_info", labels, 1)
        }
        self.family(
            "windbreak_breaker_retry_at_seconds",
            .gauge,
            "When an open circuit lets a probe pass, in seconds since 1970."
        )
        for circuit in circuits {
            guard let retryIn = circuit.status.retryIn else { continue }
            let instant = clock.sinceEpoch(circuit.status.at) + retryIn
            self.sample("windbreak_breaker_retry_at_seconds", ["upstream": circuit.name], instant.roundedSeconds)
        }
        self.writeTotals(circuits)
    }

    private mutating func writeTotals(_ circuits: [CircuitReading]) {
        self.family("windbreak_breaker_transitions_total", .counter, "Moves from one state to another.")
        for circuit in circuits { self.writeTransitions(of: circuit) }

        self.family("windbreak_breaker_rejected_total", .counter, "Attempts that were not let through.")
        for circuit in circuits {
            for reason in CircuitBreaker.Rejection.Reason.allCases {
                let labels: Labels = ["upstream": circuit.name, "reason": reason.rawValue]
                self.sample("windbreak_breaker_rejected_total", labels, circuit.status.rejected[reason])
            }
        }
        self.family(
            "windbreak_breaker_would_reject_total",
            .counter,
            "Attempts that were let through only because the circuit observes."
        )
        for circuit in circuits {
            self.sample(
                "windbreak_breaker_would_reject_total",
                ["upstream": circuit.name],
                circuit.status.wouldRejectTotal
            )
        }
        self.family("windbreak_breaker_open_seconds_total", .counter, "How long the circuit has been open in all.")
        for circuit in circuits {
            let seconds = circuit.status.openTime.roundedSeconds
            self.sample("windbreak_breaker_open_seconds_total", ["upstream": circuit.name], seconds)
        }
        self.family(
            "windbreak_late_results_total",
            .counter,
            "Outcomes that came back after the circuit had moved on, and moved nothing."
        )
        for circuit in circuits {
            self.sample("windbreak_late_results_total", ["upstream": circuit.name], circuit.status.lateTotal)
        }
    }

    /// In a fixed order; only moves that have been made.
    private mutating func writeTransitions(of circuit: CircuitReading) {
        let moves = circuit.status.transitionCounts.map { step, count in
            (words: [step.from.rawValue, step.to.rawValue, step.cause.rawValue], count: count)
        }
        for move in moves.sorted(by: { $0.words.lexicographicallyPrecedes($1.words) }) {
            self.sample(
                "windbreak_breaker_transitions_total",
                ["upstream": circuit.name, "from": move.words[0], "to": move.words[1], "cause": move.words[2]],
                move.count
            )
        }
    }
}
