// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Resilience
import Testing

@testable import ProxyEngine

/// An answer is given again only where the same would be made anew.
@Suite struct RepeatedAnswerTests {
    private static func error(
        _ detail: String,
        after seconds: Int?,
        _ upstream: String? = "api",
        _ circuit: CircuitBreaker.State = .open
    ) -> ProxyError {
        var error = ProxyError(.circuitOpen, detail, upstream: upstream, retryAfter: seconds.map { .seconds($0) })
        error.circuit = circuit
        return error
    }

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

    @Test func aRejectionIsThatOfTheSameErrorInTheSameState() throws {
        let errors = [
            Self.error("open", after: 30), Self.error("open", after: 29), Self.error("open", after: nil),
            Self.error("half-open", after: 30), Self.error("open", after: 30, "other"),
            Self.error("open", after: 30, nil), Self.error("open", after: 30, "api", .halfOpen),
        ]
        for (one, other) in errors.flatMap({ one in errors.map { (one, $0) } }) where one.upstream == "api" {
            let isGiven = try self.isGiven {
                Self.answer(on: .rejection(one), one.circuit ?? .closed)
            } _: {
                $0.isGiven(for: other)
            }
            #expect(isGiven == (one == other))
        }
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
        let error = Self.error("open", after: 30)
        #expect(try !self.isGiven(make) { $0.isGiven(for: error) })
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

    @Test func itsContentIsThatOfTheOctets() throws {
        let answer = try #require(Self.answer(on: .rejection(Self.error("open", after: 1)), .open))
        guard case .whole(let content) = answer.response.body else { throw ChannelError.eof }
        #expect(String(buffer: content) == "content" && answer.length == 7)
    }

    @Test func whatIsLargeIsNotKept() {
        let ground = RepeatedAnswer.Ground.rejection(Self.error("open", after: 30))
        #expect(Self.answer(on: ground, .open, octets: ByteBuffer(repeating: 0, count: 4096)) != nil)
        #expect(Self.answer(on: ground, .open, octets: ByteBuffer(repeating: 0, count: 4097)) == nil)
    }
}
