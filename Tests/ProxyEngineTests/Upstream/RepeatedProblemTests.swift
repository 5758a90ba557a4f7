// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Testing

@testable import ProxyEngine

/// Answers that are given again are those that would be made anew.
@Suite struct RepeatedProblemTests {
    private let problems = RepeatedProblem()

    private static func error(_ detail: String, after milliseconds: Int?, _ upstream: String? = "api") -> ProxyError {
        ProxyError(
            .circuitOpen,
            detail,
            upstream: upstream,
            retryAfter: milliseconds.map { .milliseconds($0) }
        )
    }

    private func expectAnswer(to error: ProxyError) {
        let (given, made) = (self.problems.response(to: error), error.response())
        #expect(given.head == made.head)
        #expect(given.body.text == made.body.text)
        #expect(given.report.reason == made.report.reason && given.report.upstream == made.report.upstream)
    }

    @Test func nothingIsToldThatHasChanged() {
        for _ in 0..<2 {
            for milliseconds in [30_000, 29_999, 29_001, 29_000, 28_999, 1, 0, nil] {
                self.expectAnswer(to: Self.error("open", after: milliseconds))
            }
            self.expectAnswer(to: Self.error("half-open", after: 30_000))
            self.expectAnswer(to: Self.error("open", after: 30_000, "other"))
            self.expectAnswer(to: Self.error("open", after: 30_000, nil))
        }
    }

    @Test func withinASecondTheAnswerIsTheSame() throws {
        let first = self.problems.response(to: Self.error("open", after: 30_000))
        let second = self.problems.response(to: Self.error("open", after: 30_000))
        #expect(first.head.fields["retry-after"] == "30")
        let (one, other) = (try #require(first.body.storage), try #require(second.body.storage))
        #expect(one == other)
    }
}

extension Body {
    fileprivate var text: String? {
        guard case .whole(let content) = self else { return nil }
        return String(buffer: content)
    }

    /// Where the content lies.
    fileprivate var storage: UnsafeRawPointer? {
        guard case .whole(let content) = self else { return nil }
        return content.withUnsafeReadableBytes { $0.baseAddress }
    }
}
