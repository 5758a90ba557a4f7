// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// What becomes of the other answers of an address when one of them changes, and of others' when one is called into
/// question.
@Suite(.serialized) struct VariantCacheTests {
    private static let stale: HeaderFields = ["Cache-Control": "max-age=5", "Age": "9", "ETag": "\"a\""]

    /// An origin that varies by `A`: 1 is fresh, 2 is stale, and later has such an answer as a case says.
    private func withVariants(
        later: Reply,
        _ test: (TestProxy) async throws -> Void
    ) async throws {
        try await withOriginCache { request, count in
            if count > 2 { return later }
            let fields = request.fields["a"] == "1" ? OriginCacheTests.fresh : Self.stale
            return .respond(fields: fields.appending(["Vary": "A"]), body: "answer \(count)")
        } _: { (proxy, _) async throws in
            for value in ["1", "2"] { _ = try await proxy.exchange("GET", "/api/a", ["A": value]) }
            try await test(proxy)
        }
    }

    @Test(arguments: ["GET", "HEAD"], ["200", "304"])
    func whatIsNotKeptOfOneVariantTakesNoOtherWithIt(method: String, status: String) async throws {
        let fields: HeaderFields = ["Cache-Control": "no-store", "ETag": "\"\(status)\"", "Vary": "A"]
        let update: HeaderFields = ["Cache-Control": "no-store", "ETag": "\"a\"", "Vary": "A"]
        let later: Reply =
            switch (method, status) {
            case ("GET", "200"): .respond(fields: fields, body: "later")
            case ("GET", _): .headOnly(304, update)
            default: .headOnly(200, (status == "200" ? fields : update).appending(["Content-Length": "8"]))
            }
        try await self.withVariants(later: later) { (proxy) async throws in
            #expect(try await proxy.exchange(method, "/api/a", ["A": "2"]).cacheStatus.contains("fwd=stale"))
            #expect(try await proxy.exchange("GET", "/api/a", ["A": "1"]).text == "answer 1")
            let gone = try await proxy.exchange("GET", "/api/a", ["A": "2", "Cache-Control": "only-if-cached"])
            #expect(gone.status == 504)
        }
    }

    @Test func aNewAnswerTakesThePlaceOfTheStaleOneThoughItVariesOtherwise() async throws {
        try await self.withVariants(later: .respond(fields: OriginCacheTests.fresh, body: "later")) {
            (proxy) async throws in
            for expected in ["fwd=stale", "hit", "hit"] {
                let answer = try await proxy.exchange("GET", "/api/a", ["A": "2"])
                #expect(answer.text == "later" && answer.cacheStatus.contains(expected))
            }
        }
    }

    @Test func aConfirmationMayChangeWhatAnAnswerVariesBy() async throws {
        let update: HeaderFields = ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Vary": "B"]
        try await self.withVariants(later: .headOnly(304, update)) { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/a", ["A": "2"]).text == "answer 2")
            let other = try await proxy.exchange("GET", "/api/a", ["A": "3"])
            #expect(other.text == "answer 2" && other.cacheStatus.contains("hit"))
        }
    }

    @Test func aRangeThatIsNotThereIsNotSoForOthers() async throws {
        try await withOriginCache { request, _ in
            guard request.fields.contains("range") else {
                return .respond(fields: OriginCacheTests.fresh, body: "answer")
            }
            return .respond(416, OriginCacheTests.fresh.appending(["Content-Range": "bytes */6"]))
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a", ["Range": "bytes=9-"]).status == 416)
            let whole = try await proxy.exchange("GET", "/api/a")
            #expect(whole.status == 200 && whole.text == "answer")
        }
    }

    @Test func whatAPartLacksIsSaid() async throws {
        try await withOriginCache { _, count in
            let range = count == 1 ? "bytes 0-1/9" : "bytes 5-6/9"
            let fields: HeaderFields = ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Content-Range": range]
            return .respond(206, fields, body: "ab")
        } _: { (proxy, _) async throws in
            _ = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1"])
            let second = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=5-6"])
            #expect(second.status == 206 && second.cacheStatus.contains("fwd=partial; fwd-status=206"))
        }
    }

    @Test func whatCameTooLateIsForThoseWhoTakeItStale() async throws {
        try await withOriginCache { _, count in
            .respond(fields: ["Cache-Control": "max-age=5", "Age": "9"], body: "answer \(count)")
        } _: { (proxy, _) async throws in
            for count in 1...2 { #expect(try await proxy.exchange("GET", "/api/a").text == "answer \(count)") }
            let stale = try await proxy.exchange("GET", "/api/a", ["Cache-Control": "max-stale"])
            #expect(stale.text == "answer 2" && stale.cacheStatus.contains("detail=max-stale"))
        }
    }

    @Test func headSaysWhatHasBecomeOfAnError() async throws {
        try await withOriginCache { request, count in
            switch count {
            case 1: .respond(404, ["Cache-Control": "max-age=5", "Age": "9"], body: "gone")
            case 2: .headOnly(200, OriginCacheTests.fresh)
            default: .respond(fields: OriginCacheTests.fresh, body: "answer")
            }
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").status == 404)
            #expect(try await proxy.exchange("HEAD", "/api/a").status == 200)
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer")
        }
    }

    @Test func whatSaysNothingStandsInWhereTheOperatorSaysSo() async throws {
        try await withOriginCache {
            $0.cache?.staleIfError = .seconds(60)
        } reply: { _, count in
            count == 1 ? .respond(body: "answer") : .respond(503)
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer")
            let second = try await proxy.exchange("GET", "/api/a")
            #expect(second.text == "answer" && second.cacheStatus.contains("detail=stale-if-error"))
        }
    }

    // MARK: Invalidation (4.4)

    @Test(arguments: ["GET", "HEAD"]) func whatIsConfirmedTooLateIsNotKept(method: String) async throws {
        let gate = Gate()
        try await withOriginCache { request, count in
            let fields = OriginCacheTests.fresh.appending(["ETag": "\"a\""])
            switch count {
            case 1: return .respond(fields: Self.stale, body: "answer 1")
            case 2:
                return .headOnly(method == "HEAD" ? 200 : 304, fields.appending(["Content-Length": "8"])).after(gate)
            default: return .respond(fields: fields, body: "answer \(count)")
            }
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            async let confirmed = proxy.exchange(method, "/api/a")
            try await origin.requests(atLeast: 2)
            _ = try await proxy.exchange("POST", "/api/a", body: "x")
            gate.open()
            #expect(try await confirmed.status == 200)
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 4")
        }
    }

    /// - Parameter hasBegun: Whether its head has come when the unsafe request is answered.
    @Test(arguments: [true, false]) func nobodyJoinsWhatWasAskedForBefore(hasBegun: Bool) async throws {
        let gate = Gate()
        try await withOriginCache { _, count in
            guard count == 1 else { return .respond(fields: OriginCacheTests.fresh, body: "answer \(count)") }
            let head = Reply.headOnly(200, OriginCacheTests.fresh.appending(["Content-Length": "3"]))
            let reply = hasBegun ? head.then(.pass(gate)) : head.after(gate)
            return reply.then(.send(ByteBuffer(string: "old")))
        } _: { (proxy, origin) async throws in
            let first = try await proxy.client()
            try await first.send("GET", "/api/a")
            try await origin.requests(atLeast: 1)
            if hasBegun { #expect(try await first.head().status == 200) }
            _ = try await proxy.exchange("POST", "/api/a", body: "x")
            async let second = proxy.exchange("GET", "/api/a")
            if !hasBegun {
                try await eventually("the second exchange") { try proxy.upstream().metrics.inFlight == 2 }
                gate.open()
            }
            #expect(try await second.text == "answer 3")
            gate.open()
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 3")
            await first.abort()
        }
    }

    @Test(
        arguments: [
            ("/v1/b", false), ("b", false), ("./b", false), ("x/../b", false), ("../v1/b", false),
            ("/v1/x/../b", false),
            ("%2e/b", false), ("http://HOST/v1/b", false), ("//HOST/v1/./b", false), ("https://HOST/v1/b", true),
            ("/b", true), ("../b", true), ("/v1/../b", true), ("../../../b", true), ("/v11/b", true), (".b", true),
            ("b?x", true), ("http://other.example/v1/b", true),
        ]
    )
    func referencesAreResolvedAsClientsDo(location: String, isKept: Bool) async throws {
        try await withOriginCache {
            $0.url.basePath = "/v1"
        } reply: { request, count in
            guard request.method == "POST" else { return .respond(fields: OriginCacheTests.fresh, body: "x") }
            let host = request.fields["host"] ?? ""
            return .respond(201, ["Location": location.replacing("HOST", with: host)])
        } _: { (proxy, _) async throws in
            _ = try await proxy.exchange("GET", "/api/b")
            _ = try await proxy.exchange("POST", "/api/a", body: "x")
            #expect(try await proxy.exchange("GET", "/api/b").cacheStatus.contains("hit") == isKept)
        }
    }
}
