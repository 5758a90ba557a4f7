// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Stale answers are worth something: in place of errors, and while new ones are fetched.
@Suite(.serialized) struct StaleTests {
    /// The first answer is stale at once; then comes something else.
    private func withStale(
        _ control: String,
        then other: Reply,
        _ change: (inout UpstreamConfiguration) -> Void = { _ in },
        _ test: (TestProxy, FaultyUpstream) async throws -> Void
    ) async throws {
        try await withOriginCache(change) { _, count in
            count > 1
                ? other : .respond(fields: ["Cache-Control": control, "Age": "20", "ETag": "\"a\""], body: "good")
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "good")
            try await test(proxy, origin)
        }
    }

    @Test(
        arguments: [
            .respond(500, body: "bad"), .respond(503, body: "bad"),
            .respond(502, ["Cache-Control": "no-store"], body: "bad"),
            .respond(504, ["Set-Cookie": "a=b"], body: "bad"),
            .respond(503, ["Cache-Control": "max-age=60"], body: "bad"),
            .reset, .finish,
        ] as [Reply]
    )
    func aStaleAnswerStandsInForAnError(_ bad: Reply) async throws {
        for byOperator in [false, true] {
            try await self.withStale("max-age=10\(byOperator ? "" : ", stale-if-error=60")", then: bad) {
                if byOperator { $0.cache?.staleIfError = .seconds(60) }
            } _: { (proxy, origin) async throws in
                let stale = try await proxy.exchange("GET", "/api/a")
                #expect(stale.status == 200 && stale.text == "good")
                #expect(stale.cacheStatus.hasPrefix("windbreak; fwd=stale"))
                #expect(stale.cacheStatus.contains("ttl=-") && stale.cacheStatus.hasSuffix("detail=stale-if-error"))
                #expect(stale.fields["x-windbreak-circuit"] == "api; state=closed")
                try await proxy.log.line("[CACHE] STALE api ")
                // It is left alone for a while.
                let asked = origin.requests.count
                let held = try await proxy.exchange("GET", "/api/a")
                #expect(held.text == "good" && held.cacheStatus.contains("hit; ttl=-"))
                #expect(held.cacheStatus.hasSuffix("detail=hold-down"))
                #expect(origin.requests.count == asked)
            }
        }
    }

    @Test func whoWantsTheOriginAskedHasItAskedThoughItIsHeldDown() async throws {
        try await self.withStale("max-age=10, stale-if-error=60", then: .respond(503)) { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").cacheStatus.hasSuffix("detail=stale-if-error"))
            #expect(try await proxy.exchange("GET", "/api/a").cacheStatus.hasSuffix("detail=hold-down"))
            for (count, control) in [(3, "no-cache"), (4, "max-age=0")] {
                _ = try await proxy.exchange("GET", "/api/a", ["Cache-Control": control])
                #expect(origin.requests.count == count)
            }
        }
    }

    /// RFC 9111, 4.3.3: whatever the circuit makes of it.
    @Test func onlyAServersErrorIsReplacedByTheOriginsWord() async throws {
        for (status, isReplaced) in [(404, false), (429, false), (500, true), (599, true)] {
            try await self.withStale("max-age=10, stale-if-error=60", then: .respond(status, body: "bad")) {
                $0.breaker.failMax = 100
                $0.responses.exclude = .empty
            } _: { (proxy, _) async throws in
                #expect(try await proxy.exchange("GET", "/api/a").status == (isReplaced ? 200 : status))
            }
        }
    }

    @Test func withoutHoldDownEveryClientAsks() async throws {
        try await self.withStale("max-age=10", then: .respond(503)) {
            $0.cache?.staleIfError = .seconds(60)
            $0.cache?.holdDown = .zero
            $0.breaker.failMax = 100
        } _: { (proxy, origin) async throws in
            for _ in 1...3 { #expect(try await proxy.exchange("GET", "/api/a").text == "good") }
            #expect(origin.requests.count == 4)
        }
    }

    @Test(
        arguments: [
            ("max-age=10", Duration.zero), ("max-age=10", .seconds(5)), ("max-age=10, stale-if-error=5", .zero),
            ("max-age=10, must-revalidate", .seconds(60)), ("s-maxage=10, stale-if-error=60", .seconds(60)),
            ("max-age=10, proxy-revalidate", .seconds(60)), ("max-age=60, no-cache", .seconds(60)),
        ]
    )
    func notLongerAndNotAgainstTheOriginsWord(control: String, allowance: Duration) async throws {
        try await self.withStale(control, then: .respond(503, body: "bad")) {
            $0.cache?.staleIfError = allowance
        } _: { (proxy, _) async throws in
            let answer = try await proxy.exchange("GET", "/api/a")
            #expect(answer.status == 503 && answer.text == "bad")
            #expect(answer.cacheStatus.contains("fwd=stale; fwd-status=503"))
        }
    }

    @Test func whatBreaksOffIsNoBetterThanBefore() async throws {
        let cut = Reply.respond(200, OriginCacheTests.fresh, body: "0123456789").stopping(afterBody: 5, then: .finish)
        try await self.withStale("max-age=10, stale-if-error=60", then: cut) { (proxy, _) async throws in
            // What has begun cannot be taken back; what is stored stays.
            #expect(try await proxy.exchange("GET", "/api/a").isComplete == false)
            try await proxy.reload { $0.upstreams[0].breaker.failMax = 1 }
            #expect(try await proxy.exchange("GET", "/api/a").isComplete == false)
            #expect(try await proxy.exchange("GET", "/api/a").text == "good")
        }
    }

    @Test func aClientsFaultIsAnAnswer() async throws {
        try await self.withStale("max-age=10, stale-if-error=60", then: .respond(404, body: "gone")) {
            (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").status == 404)
        }
    }

    @Test func anOpenCircuitIsAnsweredFromTheStore() async throws {
        try await self.withStale("max-age=10", then: .respond(503)) {
            $0.cache?.staleIfError = .seconds(60)
            $0.breaker.failMax = 1
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/other").status == 503)
            let stale = try await proxy.exchange("GET", "/api/a")
            #expect(stale.status == 200 && stale.text == "good")
            #expect(stale.cacheStatus.contains("hit; ttl=-") && stale.cacheStatus.hasSuffix("detail=circuit-open"))
            #expect(stale.fields["x-windbreak-circuit"] == "api; state=open")
            #expect(try await proxy.exchange("GET", "/api/other").status == 503)
            #expect(origin.requests.count == 2)
        }
    }

    @Test(arguments: [503, 429]) func whatIsPaidForSurvivesItsTimeToo(status: Int) async throws {
        let count = Watched(0)
        let upstream = try await FaultyUpstream { _ in
            count.update { $0 += 1 }
            return count.value == 1 ? .respond(body: "paid") : .respond(status)
        }
        try await withProxy(to: upstream) {
            $0.cache = CachePolicy(ttl: .milliseconds(1))
            $0.cache?.methods = [.post]
            $0.cache?.staleIfError = .seconds(60)
        } _: { proxy in
            #expect(try await proxy.exchange("POST", "/api/a", body: "x").text == "paid")
            try await eventually("its time to pass") {
                let answer = try await proxy.exchange("POST", "/api/a", body: "x")
                return answer.text == "paid" && answer.cacheStatus.hasSuffix("detail=stale-if-error")
            }
            // By the operator's word it is held down whatever a client says.
            let fields: HeaderFields = ["Cache-Control": "max-age=0"]
            let held = try await proxy.exchange("POST", "/api/a", fields, body: "x")
            #expect(held.text == "paid" && held.cacheStatus.hasSuffix("detail=hold-down"))
        }
    }

    // MARK: While a new one is fetched (RFC 5861, 3)

    @Test func oneRequestRenewsWhatAllAreServed() async throws {
        let gate = Gate()
        try await withOriginCache { request, count in
            if count == 1 {
                let control = "max-age=10, stale-while-revalidate=60"
                return .respond(fields: ["Cache-Control": control, "Age": "20", "ETag": "\"a\""], body: "old")
            }
            return .respond(fields: ["Cache-Control": "max-age=60"], body: "new").after(gate)
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "old")
            for _ in 1...5 {
                let stale = try await proxy.exchange("GET", "/api/a")
                #expect(stale.text == "old" && stale.cacheStatus.hasSuffix("detail=stale-while-revalidate"))
            }
            try await proxy.log.line("[CACHE] REFRESH api ")
            gate.open()
            try await eventually("the new answer") { try await proxy.exchange("GET", "/api/a").text == "new" }
            #expect(origin.requests.map { $0.fields["if-none-match"] } == [nil, "\"a\""])
        }
    }

    @Test func whereCallsCostNothingIsFetchedBehindAnybodysBack() async throws {
        try await self.withStale("max-age=10, stale-while-revalidate=60", then: .respond(body: "new")) {
            $0.cache?.refreshesInBackground = false
        } _: { (proxy, _) async throws in
            let answer = try await proxy.exchange("GET", "/api/a")
            #expect(answer.text == "new" && answer.cacheStatus.contains("fwd=stale"))
        }
    }
}
