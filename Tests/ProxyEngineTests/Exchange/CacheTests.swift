// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct CacheTests {
    /// With a cache for GET and POST, and an upstream that counts its answers.
    private func withCache(
        _ change: (inout UpstreamConfiguration) -> Void = { _ in },
        reply: @escaping @Sendable (ReceivedRequest, Int) -> Reply = { _, count in .respond(body: "answer \(count)") },
        _ test: (TestProxy, FaultyUpstream) async throws -> Void
    ) async throws {
        try await withOriginCache(threads: 1) {
            var policy = CachePolicy(ttl: .seconds(3600))
            policy.methods = [.get, .head, .post]
            $0.cache = policy
            change(&$0)
        } reply: { request, count in
            reply(request, count)
        } _: { (proxy, upstream) async throws in
            try await test(proxy, upstream)
        }
    }

    @Test func aStoredAnswerIsServedAgain() async throws {
        try await self.withCache { proxy, upstream in
            let miss = try await proxy.exchange("GET", "/api/a?b")
            #expect(miss.text == "answer 1")
            #expect(miss.fields["cache-status"]?.contains("fwd=uri-miss") == true)
            #expect(miss.fields["cache-status"]?.contains("stored") == true)
            let hit = try await proxy.exchange("GET", "/api/a?b")
            #expect(hit.text == "answer 1" && hit.status == 200)
            #expect(hit.fields["cache-status"]?.hasPrefix("windbreak; hit") == true)
            #expect(hit.fields["age"].flatMap { Int($0) } ?? -1 >= 0)
            #expect(hit.fields["content-length"] == "8")
            #expect(try await proxy.exchange("GET", "/api/a?c").text == "answer 2")
            #expect(upstream.requests.count == 2)
            try await proxy.log.line("[CACHE] HIT api ")
            try await proxy.log.line("[CACHE] MISS api ")
            try await proxy.log.line("[CACHE] STORED api ")
        }
    }

    /// What uploads take together in memory is bounded, however many there are: beyond it they go on as they come.
    @Test func uploadsThatFindNoRoomAreNotHeldForTheirKey() async throws {
        try await self.withCache { (proxy, upstream) async throws in
            let store = try proxy.upstream().store
            let body = String(repeating: "a", count: 600_000)
            func status(_ content: String) async throws -> String {
                // In two pieces, so that it has to be waited for.
                let client = try await proxy.client()
                try await client.send("POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: \(content.utf8.count)\r\n\r\n")
                try await client.send(content)
                return try await client.response(to: "POST").cacheStatus
            }
            var taken = 0
            while store.expect(1 << 20) { taken += 1 << 20 }
            let refused = try await status("1" + body)
            #expect(refused == "windbreak; fwd=bypass; fwd-status=200")
            #expect(upstream.requests.last?.body.readableBytes == body.utf8.count + 1)
            store.expectNoMore(taken)
            for number in 2..<5 {
                let stored = try await status("\(number)" + body)
                #expect(stored.contains("; stored"))
            }
            try await eventually("each to have given back what it had") {
                var left = 0
                while store.expect(1 << 20) { left += 1 << 20 }
                store.expectNoMore(left)
                return left == taken
            }
        }
    }

    @Test func postIsKeyedOnItsContent() async throws {
        try await self.withCache { (proxy, upstream) async throws in
            #expect(try await proxy.exchange("POST", "/api/", body: "a").text == "answer 1")
            #expect(try await proxy.exchange("POST", "/api/", body: "b").text == "answer 2")
            #expect(try await proxy.exchange("POST", "/api/", body: "a").text == "answer 1")
            let json: HeaderFields = ["Content-Type": "application/json"]
            #expect(try await proxy.exchange("POST", "/api/", json, body: #"{"a": 1, "b": 2}"#).text == "answer 3")
            #expect(try await proxy.exchange("POST", "/api/", json, body: #"{"b":2,"a":1}"#).text == "answer 3")
            #expect(upstream.requests.map(\.bodyText) == ["a", "b", #"{"a": 1, "b": 2}"#])
        }
    }

    @Test func postIsStoredOnlyWhereItIsNamed() async throws {
        try await self.withCache {
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } _: { proxy, upstream in
            #expect(try await proxy.exchange("POST", "/api/", body: "a").text == "answer 1")
            let second = try await proxy.exchange("POST", "/api/", body: "a")
            #expect(second.text == "answer 2")
            #expect(second.fields["cache-status"]?.contains("fwd=method") == true)
        }
    }

    @Test func callersWithDifferentCredentialsDoNotShare() async throws {
        try await self.withCache {
            $0.auth = .header("Api-Key")
            $0.secretQuery = ["api-key"]
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/", ["Api-Key": "a"]).text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/", ["Api-Key": "b"]).text == "answer 2")
            #expect(try await proxy.exchange("GET", "/api/").text == "answer 3")
            #expect(try await proxy.exchange("GET", "/api/", ["Authorization": "Bearer a"]).text == "answer 4")
            #expect(try await proxy.exchange("GET", "/api/?api-key=a").text == "answer 5")
            #expect(try await proxy.exchange("GET", "/api/?api-key=b").text == "answer 6")
            #expect(try await proxy.exchange("GET", "/api/", ["api-key": "a"]).text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/?api-key=b").text == "answer 6")
        }
    }

    @Test func callersOfOneConfiguredKeyShare() async throws {
        try await self.withCache {
            $0.auth = .header("Api-Key")
            $0.apiKey = Secret("ours")
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/", ["Api-Key": "a"]).text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/", ["Api-Key": "b"]).text == "answer 1")
        }
    }

    @Test(
        arguments: [
            Reply.respond(500, body: "x"), .respond(404, body: "x"), .respond(200, ["Set-Cookie": "a=b"], body: "x"),
            .respond(body: "0123456789").stopping(afterBody: 5, then: .finish),
            .respond(body: "0123456789", as: .chunked).stopping(afterBody: 5, then: .reset),
            .raw("HTTP/1.1 200 OK\r\n\r\nabc").then(.pause(.milliseconds(20))).then(.reset),
        ]
    )
    func whatIsNotAWholeGoodAnswerIsNotStored(_ bad: Reply) async throws {
        let reply: @Sendable (ReceivedRequest, Int) -> Reply = { _, count in count == 1 ? bad : .respond(body: "good") }
        try await self.withCache(reply: reply) { proxy, upstream in
            let first = try await proxy.exchange("GET", "/api/")
            #expect(first.text != "good")
            // An answer that was cut off says so, be it by its status or by its end.
            #expect(!first.isComplete || first.status != 200 || first.fields.contains("set-cookie"))
            #expect(try await proxy.exchange("GET", "/api/").text == "good")
            #expect(upstream.requests.count == 2)
        }
    }

    @Test func anAnswerThatIsTooLargeToKeepPassesWhole() async throws {
        let large = String(repeating: "x", count: 300_000)
        try await self.withCache {
            $0.cache?.maxEntry = 1000
        } reply: { _, _ in
            .respond(body: large)
        } _: { (proxy, upstream) async throws in
            for count in 1...2 {
                #expect(try await proxy.exchange("GET", "/api/").text == large)
                #expect(upstream.requests.count == count)
            }
            #expect(try await proxy.exchange("POST", "/api/", body: large).text == large)
            #expect(upstream.requests.last?.bodyText == large)
        }
    }

    @Test func theClientMayAskForANewAnswer() async throws {
        try await self.withCache { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/", ["Cache-Control": "no-cache"]).text == "answer 2")
            #expect(try await proxy.exchange("GET", "/api/").text == "answer 2")
            #expect(try await proxy.exchange("GET", "/api/", ["Cache-Control": "no-store"]).text == "answer 3")
            #expect(try await proxy.exchange("GET", "/api/").text == "answer 2")
            #expect(try await proxy.exchange("GET", "/api/", ["Range": "bytes=0-1"]).text == "answer 4")
            #expect(try await proxy.exchange("GET", "/api/").text == "answer 2")
        }
    }

    @Test func answersGrowOld() async throws {
        try await self.withCache {
            $0.cache?.ttl = .milliseconds(50)
        } _: { proxy, _ in
            #expect(try await proxy.exchange("GET", "/api/").text == "answer 1")
            try await eventually("a new answer") { try await proxy.exchange("GET", "/api/").text == "answer 2" }
        }
    }

    @Test func headHasItsOwnEntry() async throws {
        let reply: @Sendable (ReceivedRequest, Int) -> Reply = { request, _ in
            request.method == "HEAD" ? .headOnly(200, ["Content-Length": "8"]) : .respond(body: "answer 1")
        }
        try await self.withCache(reply: reply) { proxy, upstream in
            let client = try await proxy.client()
            for _ in 0..<2 {
                let head = try await client.exchange("HEAD", "/api/")
                #expect(head.fields["content-length"] == "8")
                #expect(try await client.exchange("GET", "/api/").text == "answer 1")
            }
            #expect(upstream.requests.count == 2)
        }
    }
}
