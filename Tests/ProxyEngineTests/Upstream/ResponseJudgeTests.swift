// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import Testing

@testable import ProxyEngine

@Suite struct ResponseJudgeTests {
    private static func rules(exclude: [String]? = nil, throttled: Set<Int> = [429]) throws -> ResponseRules {
        var rules = ResponseRules()
        if let exclude { rules.exclude = try #require(StatusSet(exclude)) }
        rules.throttled = throttled
        return rules
    }

    @Test(
        arguments: [
            (200, .success), (204, .success), (301, .success), (304, .success), (400, .excluded), (404, .excluded),
            (429, .throttled), (499, .excluded), (500, .failure(.status)), (501, .excluded), (502, .failure(.status)),
            (503, .failure(.status)), (504, .failure(.status)), (505, .excluded), (599, .failure(.status)),
        ] as [(Int, Outcome)]
    )
    func aStatusAloneByDefault(_ status: Int, _ outcome: Outcome) throws {
        #expect(try Self.rules().outcome(of: status) == outcome)
    }

    @Test func exclusionsAreWhatTheFileSays() throws {
        #expect(try Self.rules(exclude: []).outcome(of: 404) == .failure(.status))
        #expect(try Self.rules(exclude: ["4xx", "503"]).outcome(of: 503) == .excluded)
        #expect(try Self.rules(exclude: ["500-502"]).outcome(of: 501) == .excluded)
        #expect(try Self.rules(exclude: ["500-502"]).outcome(of: 403) == .failure(.status))
        // Taken back, a throttled status counts as the failure that somebody wants it to be.
        #expect(try Self.rules(exclude: ["4xx", "!429"]).outcome(of: 429) == .failure(.status))
        #expect(try Self.rules(exclude: ["4xx"], throttled: [402, 429]).outcome(of: 402) == .throttled)
        #expect(try Self.rules(exclude: [], throttled: []).outcome(of: 429) == .failure(.status))
        #expect(try Self.rules(exclude: ["4xx", "!501"]).outcome(of: 501) == .failure(.status))
        #expect(try Self.rules(exclude: ["4xx", "!501"]).outcome(of: 505) == .excluded)
    }

    private func verdict(
        _ pieces: String...,
        status: Int = 200,
        fields: HeaderFields = [:],
        expect: ResponseRules.Expectation = .json,
        to method: HTTPMethod = .get
    ) -> Outcome {
        var rules = ResponseRules()
        rules.expect = expect
        rules.failedWhen = [
            .init(pointer: "/status", equals: "FAILED"), .init(pointer: "/result/ok", equals: "false"),
            .init(pointer: "/code", equals: "7"), .init(pointer: "/none", equals: "null"),
        ]
        var judge = ResponseJudge(rules, head: ResponseHead(status, fields: fields), to: method)
        for piece in pieces { judge.see(ByteBuffer(string: piece)) }
        return judge.verdict
    }

    @Test func contentThatIsNotWhatWasExpectedIsAFailure() {
        #expect(self.verdict("{}") == .success)
        #expect(self.verdict("[1,", "2]") == .success)
        #expect(self.verdict("<html>") == .failure(.body))
        #expect(self.verdict("") == .failure(.body))
        #expect(self.verdict("{", status: 201) == .failure(.body))
        #expect(self.verdict("<html>", expect: .anything) == .success)
        #expect(self.verdict("", status: 204) == .success)
    }

    @Test func contentThatIsNotThereOrOnlyAPartIsNotJudged() {
        #expect(self.verdict("", to: .head) == .success)
        #expect(self.verdict("", status: 205) == .success)
        #expect(self.verdict(#"{"a":"#, status: 206) == .success)
        #expect(self.verdict("", to: .post) == .failure(.body))
    }

    @Test func contentThatTellsOfAFailureIsOne() {
        for expect in ResponseRules.Expectation.allCases {
            #expect(self.verdict(#"{"status":"FAILED"}"#, expect: expect) == .failure(.body))
            #expect(self.verdict(#"{"status":"OK","result":{"ok""#, ":false}}", expect: expect) == .failure(.body))
            #expect(self.verdict(#"{"code":7}"#, expect: expect) == .failure(.body))
            #expect(self.verdict(#"{"none":null}"#, expect: expect) == .failure(.body))
            #expect(self.verdict(#"{"status":["FAILED"],"code":70}"#, expect: expect) == .success)
        }
    }

    @Test func onlyASuccessIsLookedInto() {
        #expect(self.verdict("<html>", status: 500) == .failure(.status))
        #expect(self.verdict("<html>", status: 404) == .excluded)
        #expect(self.verdict("<html>", status: 302) == .success)
        #expect(self.verdict("\u{1F}\u{8B}", fields: ["Content-Encoding": "gzip"]) == .success)
        #expect(self.verdict("<html>", fields: ["Content-Encoding": "Identity"]) == .failure(.body))
    }

    @Test func contentThatIsTooLargeIsNotLookedInto() {
        #expect(self.verdict(String(repeating: "<", count: 1 << 20), "<") == .success)
        #expect(self.verdict(String(repeating: "<", count: 1 << 20)) == .failure(.body))
    }
}
