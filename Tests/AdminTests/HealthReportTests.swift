// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyEngine
import Resilience
import Testing

@testable import Admin

@Suite("Health")
struct HealthReportTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let circuits: [CircuitReading]
        let status: HealthReport.Status
        let allAvailable: Bool
        init(_ name: String, _ circuits: [CircuitReading], _ status: HealthReport.Status, allAvailable: Bool) {
            self.testDescription = name
            self.circuits = circuits
            self.status = status
            self.allAvailable = allAvailable
        }
    }

    static let matrix: [Case] = [
        Case("no upstreams", [], .healthy, allAvailable: true),
        Case("all closed", [.closed("a"), .closed("b")], .healthy, allAvailable: true),
        Case("one open", [.open("a"), .closed("b")], .degraded, allAvailable: false),
        Case("half-open", [.halfOpen("a"), .closed("b")], .degraded, allAvailable: true),
        Case("only half-open", [.halfOpen("a")], .degraded, allAvailable: true),
        Case("open and half-open", [.open("a"), .halfOpen("b")], .degraded, allAvailable: false),
        Case("all open", [.open("a"), .open("b")], .unhealthy, allAvailable: false),
        Case("forced open", [.forced("a", .open)], .unhealthy, allAvailable: false),
        Case("forced open beside closed", [.forced("a", .open), .closed("b")], .degraded, allAvailable: false),
        Case("forced closed", [.forced("a", .closed)], .healthy, allAvailable: true),
        Case("open, but only observing", [.open("a", mode: .observe)], .degraded, allAvailable: true),
        Case("off", [.open("a", mode: .off)], .healthy, allAvailable: true),
        Case("open beside off", [.open("a"), .open("b", mode: .off)], .degraded, allAvailable: false),
    ]

    @Test("follows from the circuits", arguments: matrix)
    func status(_ example: Case) {
        let report = HealthReport(circuits: example.circuits)
        #expect(report.status == example.status)
        #expect(report.httpStatus == (example.status == .unhealthy ? 503 : 200))
        #expect(report.json(at: TimedCircuit.clock)["all_available"] == .bool(example.allAvailable))
    }

    @Test("is written as documented")
    func document() {
        var circuit = TimedCircuit("plant_id")
        circuit.attempt(.failure(.reset))
        circuit.now += .seconds(1)
        circuit.attempt(.failure(.timeout))
        circuit.now += .milliseconds(18_800)
        let report = HealthReport(circuits: [circuit.reading, .closed("plantnet")])
        #expect(
            report.json(at: TimedCircuit.clock).serialized == """
                {"status":"degraded","all_available":false,"circuit_breakers":{\
                "plant_id":{"state":"open","available":false,"fail_count":2,"fail_max":2,"success_count":0,\
                "success_threshold":2,"reset_timeout":60,"retry_in":41.2,\
                "last_failure":"2026-01-01T00:00:01.000Z","last_failure_reason":"timeout"},\
                "plantnet":{"state":"closed","available":true,"fail_count":0,"fail_max":2,"success_count":0,\
                "success_threshold":2,"reset_timeout":60,"retry_in":null,\
                "last_failure":null,"last_failure_reason":null}}}
                """
        )
    }

    @Test("must not be kept by caches")
    func endpoint() async {
        let circuit = Circuit.silent("weather")
        let endpoint = HealthEndpoint(circuits: [circuit])
        let healthy = await endpoint.respond(to: .of(.get, "/health"))
        #expect(healthy.status == 200)
        #expect(healthy.fields["Cache-Control"] == "no-store")
        #expect(healthy.fields["Content-Type"] == "application/json")
        circuit.force(.open, for: nil)
        let unhealthy = await endpoint.respond(to: .of(.get, "/health"))
        #expect(unhealthy.status == 503)
        #expect(unhealthy.json?["status"] == "unhealthy")
        #expect(unhealthy.json?[pointer: "/circuit_breakers/weather/retry_in"] == .null)
    }
}
