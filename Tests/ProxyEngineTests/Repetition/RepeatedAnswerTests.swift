// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// An answer is given again only where the same would be made anew.
@Suite struct RepeatedAnswerTests {
    private static var rejection: RepeatedAnswer.Ground { .rejection(ProxyError(.circuitOpen, "open")) }

    private static func answer(
        on ground: RepeatedAnswer.Ground,
        _ state: CircuitBreaker.State,
        octets: ByteBuffer = ByteBuffer(string: "head and content"),
        length: Int = 7
    ) -> RepeatedAnswer? {
        var response = Response(ResponseHead(200), .whole(ByteBuffer(string: "content")))
        response.report.circuit = state
        response.report.upstream = "api"
        return RepeatedAnswer(response, on: ground, octets: octets, length: length)
    }

    private static func stored(at now: Moment) -> StoredResponse {
        StoredResponse(
            ResponseHead(200),
            content: ByteBuffer(string: "content"),
            variant: Variant([], isUnique: false),
            reuse: Reuse(lifetime: .seconds(60)),
            storedAt: now,
            initialAge: 0,
            retainedUntil: now + .seconds(120)
        )
    }

    /// A second may end while it is asked, which makes the answer an old one.
    private func isGiven(_ make: () throws -> RepeatedAnswer?, _ ask: (RepeatedAnswer) -> Bool) throws -> Bool {
        try (0..<3).contains { _ in ask(try #require(try make())) }
    }

    @Test func aHitIsThatOfTheSameEntryAtTheSameAge() throws {
        let start = Moment.now
        let (stored, other) = (Self.stored(at: start), Self.stored(at: start))
        let now = start + .milliseconds(500)
        let make = { Self.answer(on: .stored(stored, seconds: stored.sameSeconds(at: now)), .closed) }
        for (entry, time, state, expected) in [
            (stored, now, CircuitBreaker.State.closed, true), (other, now, .closed, false),
            (stored, now, .open, false), (stored, start + .milliseconds(999), .closed, true),
            (stored, start + .seconds(1), .closed, false), (stored, now - .nanoseconds(1), .closed, false),
        ] {
            #expect(try self.isGiven(make) { $0.isGiven(for: entry, at: time, state) } == expected)
        }
        let reject = { Self.answer(on: Self.rejection, .closed) }
        #expect(try !self.isGiven(reject) { $0.isGiven(for: stored, at: now, .closed) })
    }

    /// Its address may be another's by then, if it were not kept.
    @Test func whatIsStoredNoMoreIsKnownByNobody() throws {
        let start = Moment.now
        let now = start + .milliseconds(500)
        var stored: StoredResponse? = Self.stored(at: start)
        weak let observer = stored
        let answer = stored.flatMap { Self.answer(on: .stored($0, seconds: $0.sameSeconds(at: now)), .closed) }
        stored = nil
        #expect(observer == nil)
        for _ in 0..<1000 {
            let other = Self.stored(at: start)
            #expect(answer?.isGiven(for: other, at: now, .closed) == false)
        }
    }

    @Test func whatIsLargeIsNotKept() {
        #expect(Self.answer(on: Self.rejection, .open, octets: ByteBuffer(repeating: 0, count: 4096)) != nil)
        #expect(Self.answer(on: Self.rejection, .open, octets: ByteBuffer(repeating: 0, count: 4097)) == nil)
    }

    // MARK: Rejections

    private static func circuit(_ mode: CircuitBreaker.Policy.Mode = .enforce) -> (Circuit, RecordedLog) {
        let log = RecordedLog()
        var policy = CircuitBreaker.Policy()
        policy.mode = mode
        let circuit = Circuit(
            name: "api",
            policy: policy,
            log: CircuitLog(logger: log.logger, lines: LogConfiguration.Circuit()),
            metrics: UpstreamMetrics(upstream: "api")
        )
        return (circuit, log)
    }

    private static func rejects(_ circuit: Circuit, again error: ProxyError) -> Bool {
        var excerpt: LogLine.Excerpt?
        return circuit.rejects(again: error, &excerpt)
    }

    @Test func aRejectionIsRepeatedInTheSameWordsOnly() throws {
        let (circuit, log) = Self.circuit()
        circuit.force(.open, for: .seconds(1_000_000))
        let error = try #require(throws: ProxyError.self) { try circuit.admit() }
        #expect(error.retryAfterSeconds == 1_000_000)
        var (later, other) = (error, error)
        later.retryAfterSeconds = 999_000
        other.circuit = .halfOpen
        for error in [later, other, ProxyError(.circuitOpen, "open")] {
            #expect(!Self.rejects(circuit, again: error))
        }
        #expect(circuit.status.rejectedTotal == 1)
        circuit.force(.open, for: nil)
        #expect(!Self.rejects(circuit, again: error))
        let lasting = try #require(throws: ProxyError.self) { try circuit.admit() }
        for _ in 0..<3 { #expect(Self.rejects(circuit, again: lasting)) }
        #expect(circuit.status.rejectedTotal == 5)
        #expect(log.count(of: "[CIRCUIT] api circuit OPEN - skipping API call (fast fail)") == 5)
        circuit.reset()
        #expect(!Self.rejects(circuit, again: lasting))
        #expect(circuit.status.rejectedTotal == 5)
    }

    @Test(arguments: [CircuitBreaker.Policy.Mode.observe, .off]) func whoOnlyWatchesRejectsNothing(
        _ mode: CircuitBreaker.Policy.Mode
    ) throws {
        let (strict, _) = Self.circuit()
        strict.force(.open, for: nil)
        let error = try #require(throws: ProxyError.self) { try strict.admit() }
        let (circuit, log) = Self.circuit(mode)
        circuit.force(.open, for: nil)
        #expect(!Self.rejects(circuit, again: error))
        #expect(circuit.status.rejectedTotal == 0 && circuit.status.wouldRejectTotal == 0)
        #expect(log.count(of: "skip") == 0)
    }
}
