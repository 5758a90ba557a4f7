// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Resilience
import Testing

@testable import ProxyEngine

/// Answers that are given again are those that would be made anew.
@Suite struct RepeatedAnswerTests {
    private static func error(_ detail: String, after seconds: Int?, _ upstream: String? = "api") -> ProxyError {
        ProxyError(.circuitOpen, detail, upstream: upstream, retryAfter: seconds.map { .seconds($0) })
    }

    private static func answer(to error: ProxyError) throws -> RepeatedAnswer {
        let made = error.response()
        let content = try #require(made.body.content)
        return try #require(RepeatedAnswer(made.head, content, to: error))
    }

    @Test func nothingIsToldThatHasChanged() throws {
        let errors = [
            Self.error("open", after: 30), Self.error("open", after: 29), Self.error("open", after: nil),
            Self.error("half-open", after: 30), Self.error("open", after: 30, "other"),
            Self.error("open", after: 30, nil),
        ]
        for error in errors {
            let answer = try Self.answer(to: error)
            for other in errors {
                guard let given = answer.response(to: other) else {
                    #expect(error != other)
                    continue
                }
                let made = other.response()
                #expect(given.head == made.head)
                #expect(given.body.content == made.body.content)
                #expect(given.report.reason == made.report.reason && given.report.upstream == made.report.upstream)
            }
        }
    }

    @Test func itIsCompletedOnceForEachState() throws {
        let answer = try Self.answer(to: Self.error("open", after: 30))
        var count = 0
        for state in [CircuitBreaker.State.open, .open, .halfOpen, .halfOpen, .open] {
            let head = answer.completed(state) { head in
                count += 1
                head.fields.add("State", state.rawValue)
            }
            #expect(head.fields.values(of: "state") == [state.rawValue])
        }
        #expect(count == 3)
    }

    @Test func octetsAreThoseOfTheState() throws {
        let answer = try Self.answer(to: Self.error("open", after: 30))
        let octets = ByteBuffer(string: "octets")
        answer.remember(octets, .open)
        #expect(answer.octets(.open) == nil)
        _ = answer.completed(.open) { _ in }
        answer.remember(octets, .halfOpen)
        #expect(answer.octets(.open) == nil && answer.octets(.halfOpen) == nil)
        // A second may end in between, which makes them stale.
        let isKept = (0..<3).contains { _ in
            answer.remember(octets, .open)
            return answer.octets(.open) == octets
        }
        #expect(isKept && answer.octets(.halfOpen) == nil)
        _ = answer.completed(.halfOpen) { _ in }
        #expect(answer.octets(.halfOpen) == nil && answer.octets(.open) == nil)
    }

    @Test func whatIsLargeIsNotKept() throws {
        let error = Self.error("open", after: 30)
        var head = ResponseHead(200)
        head.fields.add("Large", String(repeating: "a", count: 2048))
        #expect(RepeatedAnswer(head, ByteBuffer(), to: error) == nil)
        let answer = try Self.answer(to: error)
        _ = answer.completed(.open) { _ in }
        answer.remember(ByteBuffer(repeating: 0, count: 4097), .open)
        #expect(answer.octets(.open) == nil)
    }
}

extension Body {
    fileprivate var content: ByteBuffer? {
        guard case .whole(let content) = self else { return nil }
        return content
    }
}
