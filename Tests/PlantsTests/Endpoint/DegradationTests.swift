// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyEngine
import Resilience
import TestSupport
import Testing

@testable import Plants

/// Every row of the table of what happens when an API is missing.
@Suite("The combined endpoint", .timeLimit(.minutes(1)))
struct DegradationTests {
    @Test("merges both answers when both circuits are closed")
    func bothClosed() async throws {
        let plants = try await PlantStage()
        let answer = try await plants.stage.identify()
        #expect(answer.status == 200)
        #expect(answer.json["degraded"] == false)
        #expect(answer.json["source"] == "plant_id")
        #expect(answer.json["confidence_score"] == .number("0.97"))
        #expect(answer.names == ["Aloe vera"])
        let suggestion = answer.json[pointer: "/combined_suggestions/0"]
        #expect(suggestion?["sources"]?.serialized == #"{"plant_id":0.97,"plantnet":0.91}"#)
        #expect(suggestion?["common_names"] == ["Aloe", "True aloe"])
        #expect(suggestion?["family"] == "Asphodelaceae")
        #expect(answer.json[pointer: "/disease_detection/disease_name"] == "rust")
        #expect(answer.provider("plant_id", "status") == "ok")
        #expect(answer.provider("plantnet", "status") == "ok")
        #expect(plants.stage.log.count(of: "info [PARALLEL] identify plant_id completed in ") == 1)
        #expect(plants.stage.log.count(of: "info [PARALLEL] identify plantnet completed in ") == 1)
        #expect(plants.stage.log.count(of: "info [PERF] identify completed in ") == 1)
        #expect(plants.stage.log.count(of: "info [FALLBACK]") == 0)
        await plants.stop()
    }

    @Test("uses the other one when a circuit is open", arguments: [("plant_id", "plantnet"), ("plantnet", "plant_id")])
    func eitherOpen(open: String, other: String) async throws {
        let plants = try await PlantStage()
        plants.stage.open(open)
        let answer = try await plants.stage.identify()
        #expect(answer.status == 200)
        #expect(answer.json["degraded"] == true)
        #expect(answer.json["source"] == .string(other))
        #expect(answer.names == ["Aloe vera"])
        #expect(answer.provider(open, "status") == "unavailable")
        #expect(answer.provider(open, "reason") == "circuit-open")
        #expect(answer.provider(other, "status") == "ok")
        #expect((open == "plant_id" ? plants.plantID : plants.plantNet).requests.isEmpty)
        let log = plants.stage.log
        #expect(log.count(of: "warning [CIRCUIT] DEGRADED: \(open) circuit OPEN - using \(other) only") == 1)
        #expect(log.count(of: "info [FALLBACK] identify calling \(other) only (\(open) unavailable)") == 1)
        await plants.stop()
    }

    @Test("is not available when both circuits are open, and says that this is not about the photo")
    func bothOpen() async throws {
        let plants = try await PlantStage(
            legs: "cache: off, breaker: {fail_max: 1, reset_timeout: 60s}",
            plantID: { _ in .respond(500) },
            plantNet: { _ in .respond(503) }
        )
        let failed = try await plants.stage.identify()
        #expect(failed.status == 502)
        #expect(failed.provider("plant_id", "reason") == "http-500")
        #expect(failed.provider("plantnet", "reason") == "http-503")
        #expect(plants.stage.log.count(of: "error [ERROR] identify plant_id failed: http-500") == 1)

        let answer = try await plants.stage.identify()
        #expect(answer.status == 503)
        #expect(answer.provider("plant_id", "status") == "unavailable")
        #expect(answer.provider("plantnet", "reason") == "circuit-open")
        let retryAfter = try #require(answer.response.fields["retry-after"].flatMap { Int($0) })
        #expect(1...60 ~= retryAfter)
        #expect(answer.json["error"]?.string?.contains("no source is available") == true)
        #expect(answer.json["primary_identification"] == .null)
        #expect(plants.plantID.requests.count == 1)
        #expect(plants.plantNet.requests.count == 1)
        #expect(
            plants.stage.log.count(
                of:
                    "error [CIRCUIT] DEGRADED: every circuit of identify is OPEN - no identification source available"
            ) == 1
        )
        #expect(plants.stage.log.count(of: "info [FALLBACK]") == 0)
        await plants.stop()
    }

    @Test("answers from the other one when a circuit opens during the call")
    func opensDuringTheCall() async throws {
        let gate = Gate()
        let plants = try await PlantStage(
            legs: "cache: off, breaker: {fail_max: 1, reset_timeout: 60s}",
            plantID: { _ in .respond(500).after(gate) }
        )
        async let answer = plants.stage.identify()
        try await plants.plantNet.requests(atLeast: 1)
        try await plants.plantID.requests(atLeast: 1)
        #expect(plants.stage.state(of: "plant_id") == "closed")
        gate.open()
        let tripping = try await answer
        #expect(tripping.status == 200)
        #expect(tripping.json["degraded"] == true)
        #expect(tripping.provider("plant_id", "reason") == "http-500")
        #expect(tripping.json["source"] == "plantnet")
        #expect(plants.stage.state(of: "plant_id") == "open")
        #expect(try await plants.stage.identify().provider("plant_id", "reason") == "circuit-open")
        #expect(plants.plantID.requests.count == 1)
        await plants.stop()
    }

    @Test("does not wait beyond the deadline for one that is slow, and gives its call up")
    func slow() async throws {
        let plants = try await PlantStage(
            combined: "legs: [plant_id, plantnet], deadline: 1s",
            plantID: { _ in .stall }
        )
        let clock = ContinuousClock()
        let start = clock.now
        let answer = try await plants.stage.identify()
        #expect(clock.now - start < .seconds(10))
        #expect(answer.status == 200)
        #expect(answer.json["degraded"] == true)
        #expect(answer.provider("plant_id", "status") == "failed")
        #expect(answer.provider("plant_id", "reason") == "timeout")
        #expect(answer.names == ["Aloe vera"])
        _ = try await plants.plantID.end(ofConnection: 0)
        #expect(plants.stage.log.count(of: "error [ERROR] identify plant_id failed: timeout after ") == 1)
        await plants.stop()
    }

    @Test("says 504 when the deadline took all")
    func allSlow() async throws {
        let plants = try await PlantStage(
            combined: "legs: [plant_id, plantnet], deadline: 200ms",
            plantID: { _ in .stall },
            plantNet: { _ in .stall }
        )
        let answer = try await plants.stage.identify()
        #expect(answer.status == 504)
        #expect(answer.json["error"]?.string?.contains("in time") == true)
        #expect(answer.provider("plantnet", "reason") == "timeout")
        await plants.stop()
    }

    @Test("does not wait beyond its deadline for another's call that it has joined")
    func slowFollower() async throws {
        let plants = try await PlantStage(
            legs: "cache: {ttl: 1h}",
            combined:
                "legs: [plant_id, plantnet], deadline: 30s}\n  quick: {legs: [plant_id, plantnet], deadline: 1s",
            plantID: { _ in .stall }
        )
        let patient = try await TestClient(to: plants.stage.port)
        try await patient.send(
            "POST",
            "/identify",
            ["Content-Type": "application/json"],
            body: Stage.body([Sample.jpeg])
        )
        try await plants.plantID.requests(atLeast: 1)
        let answer = try await plants.stage.identify(target: "/quick")
        #expect(answer.status == 200)
        #expect(answer.provider("plant_id", "reason") == "timeout")
        #expect(answer.json["source"] == "plantnet")
        #expect(plants.plantID.requests.count == 1)
        await patient.abort()
        await plants.stop()
    }

    static let malformedReplies: [Reply] = [
        .respond(200, ["Content-Type": "text/html"], body: "<html>maintenance</html>"),
        .plantID(#"{"status":"FAILED"}"#),
        .plantID(#"{"result":{}}"#), .plantID(#"{"result":"#), .raw("nonsense\r\n\r\n"),
    ]

    @Test("takes nothing from one whose answer is malformed", arguments: malformedReplies)
    func malformed(reply: Reply) async throws {
        let plants = try await PlantStage(legs: "cache: {ttl: 1h}, breaker: {fail_max: 2}")
        plants.plantID.script(reply)
        let answer = try await plants.stage.identify()
        #expect(answer.status == 200)
        #expect(answer.json["degraded"] == true)
        #expect(answer.provider("plant_id", "status") == "failed")
        #expect(answer.provider("plant_id", "reason") == "response-malformed")
        #expect(answer.json["source"] == "plantnet")
        // It says as much of the API as no answer, and is kept for nobody.
        #expect(plants.stage.engine.snapshot?["plant_id"]?.circuit.status.failCount == 1)
        let again = try await plants.stage.identify()
        #expect(again.provider("plant_id", "status") == "ok")
        #expect(again.provider("plant_id", "cached") == false)
        #expect(again.provider("plantnet", "cached") == true)
        await plants.stop()
    }

    @Test(
        "tells why one failed",
        arguments: [
            (Reply.respond(401), "auth-rejected"), (.respond(403), "auth-rejected"),
            (.respond(402), "payment-required"),
            (.respond(429), "rate-limited"), (.respond(400), "http-400"), (.respond(404), "http-404"),
            (.respond(503), "http-503"), (.reset, "connection-error"), (.finish, "connection-error"),
            (Reply.plantID().stopping(afterBody: 20, then: .reset), "connection-error"),
        ]
    )
    func reasons(reply: Reply, reason: String) async throws {
        let plants = try await PlantStage(plantID: { _ in reply })
        let answer = try await plants.stage.identify()
        #expect(answer.status == 200)
        #expect(answer.provider("plant_id", "reason") == .string(reason))
        await plants.stop()
    }

    @Test("tells one that refuses connections")
    func refused() async throws {
        let plants = try await PlantStage(plantNetPort: FreePort.any())
        try await plants.plantNet.refuseConnections()
        let answer = try await plants.stage.identify()
        #expect(answer.status == 200)
        #expect(answer.provider("plantnet", "reason") == "connection-error")
        await plants.stop()
    }

    @Test("does not send WebP to one that does not take it")
    func webP() async throws {
        let plants = try await PlantStage()
        let answer = try await plants.stage.identify([Sample.webp])
        #expect(answer.status == 200)
        #expect(answer.json["degraded"] == true)
        #expect(answer.provider("plantnet", "status") == "skipped")
        #expect(answer.provider("plantnet", "reason") == "unsupported-image")
        #expect(answer.json["source"] == "plant_id")
        #expect(plants.plantNet.requests.isEmpty)
        #expect(
            plants.stage.log.count(
                of:
                    "info [FALLBACK] identify calling plant_id only (plantnet unsupported-image)"
            ) == 1
        )
        await plants.stop()
    }

    @Test("refuses an image that no leg takes, and asks none")
    func nobodyTakesIt() async throws {
        let plants = try await PlantStage(combined: "legs: [plantnet]")
        let answer = try await plants.stage.identify([Sample.webp])
        #expect(answer.status == 415)
        #expect(answer.json["reason"] == "unsupported-image")
        #expect(plants.plantNet.requests.isEmpty)
        await plants.stop()
    }

    @Test("takes no plant found for an answer")
    func noMatch() async throws {
        let plants = try await PlantStage(
            legs: "cache: off, breaker: {fail_max: 1}",
            plantID: { _ in .plantID(#"{"result":{"classification":{"suggestions":[]}},"status":"COMPLETED"}"#) },
            plantNet: { _ in
                .respond(404, body: #"{"statusCode":404,"error":"Not Found","message":"Species not found"}"#)
            }
        )
        let answer = try await plants.stage.identify()
        #expect(answer.status == 200)
        #expect(answer.json["error"] == nil)
        #expect(answer.json["degraded"] == false)
        #expect(answer.json["combined_suggestions"] == [])
        #expect(answer.json["primary_identification"] == .null)
        #expect(answer.provider("plant_id", "reason") == "no_match")
        #expect(answer.provider("plantnet", "reason") == "no_match")
        #expect(answer.provider("plantnet", "status") == "ok")
        #expect(plants.stage.state(of: "plantnet") == "closed")
        await plants.stop()
    }
}
