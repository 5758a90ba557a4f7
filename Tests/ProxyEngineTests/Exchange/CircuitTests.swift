// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct CircuitTests {
    @Test func itOpensOnTheLastFailureAndRejectsAtOnce() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(500, body: "sorry") }
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 3
            $0.breaker.resetTimeout = .seconds(3600)
        } _: { proxy in
            for _ in 0..<3 {
                let response = try await proxy.exchange("GET", "/api/")
                // The exchange that trips it gets the upstream's own answer.
                #expect(response.status == 500 && response.text == "sorry")
                #expect(response.fields["x-windbreak-circuit"] != nil)
            }
            #expect(try proxy.upstream().circuit.state == .open)
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 503)
            let seconds = try #require(response.fields["retry-after"])
            #expect(["3600", "3599", "3598"].contains(seconds))
            #expect(response.fields["proxy-status"]?.contains("error=destination_unavailable") == true)
            #expect(response.fields["x-windbreak-circuit"] == "api; state=open")
            let problem = try JSON(parsing: response.body.readableBytesView)
            #expect(problem["upstream"] == .string("api"))
            #expect(problem["reason"] == .string("circuit-open"))
            #expect(problem["retry_after"] == .number(seconds))
            #expect(upstream.requests.count == 3)
            #expect(proxy.log.count(of: "circuit OPEN - skipping API call (fast fail)") == 1)
            #expect(proxy.log.count(of: "state transition: CLOSED → OPEN (fail_count=3, success_count=0)") == 1)
        }
    }

    @Test func anAnswerThatTripsItSaysSoThoughItIsStillComing() async throws {
        let gate = Gate()
        let begun = Reply.respond(500, body: "0123456789").stopping(afterBody: 5, then: .pass(gate))
        let upstream = try await FaultyUpstream { _ in begun.then(.send(ByteBuffer(string: "56789"))) }
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            let head = try await client.head()
            #expect(head.status == 500)
            #expect(head.fields["x-windbreak-circuit"] == "api; state=open")
            gate.open()
            _ = try await client.wire.receive("all of the content") { String(buffer: $0) == "0123456789" ? true : nil }
            #expect(try proxy.upstream().circuit.status.failCount == 1)
        }
    }

    @Test func aSuccessInBetweenBeginsTheCountAnew() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(500) }
        upstream.script(.respond(502), .respond(503), .respond(200), .respond(504), .respond(500))
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 3
        } _: { proxy in
            for _ in 0..<5 { _ = try await proxy.exchange("GET", "/api/") }
            #expect(try proxy.upstream().circuit.status.failCount == 2)
            #expect(try proxy.upstream().circuit.state == .closed)
        }
    }

    @Test(arguments: [400, 401, 404, 429, 499, 501, 505]) func whatIsNotTheUpstreamsFaultDoesNotCount(
        _ status: Int
    ) async throws {
        let upstream = try await FaultyUpstream { _ in .respond(status) }
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1
        } _: { (proxy) async throws in
            for _ in 0..<3 { #expect(try await proxy.exchange("GET", "/api/").status == status) }
            #expect(upstream.requests.count == 3)
        }
    }

    /// The guide's thread test.
    @Test func tenCallsThatFailAtOnceOpenItOnce() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(500).after(gate) }
        try await withProxy(to: upstream, threads: 2) {
            $0.breaker.failMax = 3
        } _: { proxy in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<10 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                try await upstream.requests(atLeast: 10)
                gate.open()
                for try await status in group { #expect(status == 500) }
            }
            let status = try proxy.upstream().circuit.status
            #expect(status.state == .open)
            #expect(status.failCount == 3)
            #expect(status.openedTotal == 1)
            #expect(status.inFlight == 0)
            #expect(upstream.requests.count == 10)
        }
    }

    @Test func itRecoversThroughProbes() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(500))
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1
            $0.breaker.successThreshold = 2
            $0.breaker.resetTimeout = .milliseconds(50)
        } _: { proxy in
            #expect(try await proxy.exchange("GET", "/api/").status == 500)
            try await eventually("the circuit to be half-open") { try proxy.upstream().circuit.state == .halfOpen }
            let first = try await proxy.exchange("GET", "/api/")
            #expect(first.status == 200)
            #expect(first.fields["x-windbreak-circuit"] == "api; state=half-open")
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(try proxy.upstream().circuit.state == .closed)
        }
    }

    @Test func aFailedProbeOpensItAgain() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(500) }
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 2
            $0.breaker.resetTimeout = .milliseconds(50)
        } _: { proxy in
            for _ in 0..<2 { _ = try await proxy.exchange("GET", "/api/") }
            try await eventually("the circuit to be half-open") { try proxy.upstream().circuit.state == .halfOpen }
            #expect(try await proxy.exchange("GET", "/api/").status == 500)
            #expect(try proxy.upstream().circuit.status.openedTotal == 2)
            try await proxy.log.line("recovery test FAILED - circuit reopening (error: status)")
        }
    }

    @Test func anAttemptWithoutAnAnswerIsToldAsOne() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.finish, .finish, .stall)
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1
            $0.breaker.resetTimeout = .milliseconds(50)
        } _: { proxy in
            for _ in 0..<2 {
                try await eventually("a circuit that lets pass") { try proxy.upstream().circuit.state != .open }
                #expect(try await proxy.exchange("GET", "/api/").status == 502)
            }
            try await eventually("the circuit to be half-open") { try proxy.upstream().circuit.state == .halfOpen }
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 3)
            await client.abort()
            try await eventually("the client to leave") { try proxy.upstream().metrics.inFlight == 0 }
            let told = try proxy.upstream().metrics.requests.samples.map { [$0.outcome, $0.decision, "\($0.count)"] }
            #expect(told == [["failure", "pass", "1"], ["failure", "probe", "1"], ["cancelled", "probe", "1"]])
        }
    }

    @Test func anExchangeIsCountedByHowItsAnswerEnds() async throws {
        let gate = Gate()
        let begun = Reply.respond(200, body: "0123456789").stopping(afterBody: 5, then: .pass(gate))
        let upstream = try await FaultyUpstream { _ in begun.then(.reset) }
        try await withProxy(to: upstream) { _ in
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            #expect(try await client.head().status == 200)
            let metrics = try proxy.upstream().metrics
            #expect(metrics.inFlight == 1 && metrics.requests.samples.isEmpty)
            gate.open()
            try await eventually("the end of the exchange") { metrics.inFlight == 0 }
            #expect(metrics.requests.samples.map { [$0.outcome, $0.statusClass] } == [["failure", "2xx"]])
        }
    }

    @Test func whileAProbeIsOutOthersAreRejected() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(500), .respond().after(gate))
        try await withProxy(to: upstream, threads: 2) {
            $0.breaker.failMax = 1
            $0.breaker.resetTimeout = .milliseconds(50)
        } _: { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            try await eventually("the circuit to be half-open") { try proxy.upstream().circuit.state == .halfOpen }
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 2)
            for _ in 0..<5 { #expect(try await proxy.exchange("GET", "/api/").status == 503) }
            gate.open()
            #expect(try await client.response().status == 200)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(upstream.requests.count == 3)
        }
    }

    /// A hung upstream with a full half-open: it always recovers without a restart.
    @Test func aProbeThatHangsDoesNotBlockTheRecovery() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(500), .stall)
        try await withProxy(to: upstream, threads: 2) {
            $0.breaker.failMax = 1
            $0.breaker.resetTimeout = .milliseconds(50)
            $0.breaker.probeLease = .milliseconds(200)
        } _: { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            try await eventually("the circuit to be half-open") { try proxy.upstream().circuit.state == .halfOpen }
            let hung = try await proxy.client()
            try await hung.send("GET", "/api/")
            try await upstream.requests(atLeast: 2)
            try await eventually("the recovery") { try await proxy.exchange("GET", "/api/").status == 200 }
            #expect(try proxy.upstream().circuit.state == .closed)
            await hung.abort()
            _ = try await upstream.end(ofConnection: 1)
            #expect(try proxy.upstream().circuit.state == .closed)
        }
    }

    @Test func aBodyThatIsNotWhatItSaysIsAFailure() async throws {
        let upstream = try await FaultyUpstream()
        let json: HeaderFields = ["Content-Type": "application/json"]
        upstream.script(
            .respond(200, ["Content-Type": "text/html"], body: "<html>maintenance</html>"),
            .respond(200, json, body: #"{"status":"FAILED"}"#),
            .respond(200, json, body: #"{"status":"#, as: .chunked)
        )
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 3
            $0.responses.expect = .json
            $0.responses.failedWhen = [.init(pointer: "/status", equals: "FAILED")]
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "<html>maintenance</html>")
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            // Judged at its end, which the client may see a moment sooner.
            try await eventually("two failures") { try proxy.upstream().circuit.status.failCount == 2 }
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            try await eventually("the circuit to open") { try proxy.upstream().circuit.state == .open }
            #expect(try await proxy.exchange("GET", "/api/").status == 503)
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .body)
        }
    }

    @Test func offAndObserveRejectNothing() async throws {
        for mode in [CircuitBreaker.Policy.Mode.off, .observe] {
            let upstream = try await FaultyUpstream { _ in .respond(500) }
            try await withProxy(to: upstream) {
                $0.breaker.failMax = 1
                $0.breaker.mode = mode
            } _: { (proxy) async throws in
                for _ in 0..<3 { #expect(try await proxy.exchange("GET", "/api/").status == 500) }
                #expect(upstream.requests.count == 3)
                try proxy.upstream().circuit.force(.open, for: nil)
                let line = try await proxy.log.line("circuit OPENED")
                #expect(line.contains("API calls would be blocked"))
            }
        }
    }

    @Test func anOpenCircuitDoesNotKeepStoredAnswersBack() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } _: { proxy in
            #expect(try await proxy.exchange("GET", "/api/a").text == "hello")
            try proxy.upstream().circuit.force(.open, for: nil)
            let hit = try await proxy.exchange("GET", "/api/a")
            #expect(hit.text == "hello")
            #expect(hit.fields["x-windbreak-circuit"] == "api; state=open")
            #expect(try await proxy.exchange("GET", "/api/b").status == 503)
            try proxy.upstream().circuit.reset()
            #expect(try await proxy.exchange("GET", "/api/b").status == 200)
            #expect(upstream.requests.count == 2)
        }
    }
}
