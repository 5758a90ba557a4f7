// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Identical requests at once are one attempt.
@Suite(.serialized) struct CollapseTests {
    private func withCollapse(
        _ reply: Reply = .respond(body: "one answer"),
        threads: Int = 2,
        _ test: (TestProxy, FaultyUpstream, Gate) async throws -> Void
    ) async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in reply.after(gate) }
        try await withProxy(to: upstream, threads: threads) {
            var policy = CachePolicy(ttl: .seconds(3600))
            policy.methods = [.get, .post]
            $0.cache = policy
            $0.breaker.failMax = 2
        } _: { proxy in
            try await test(proxy, upstream, gate)
        }
    }

    /// The same photo and the same words, as 200 programs would send them.
    private static func form(_ number: Int) -> (HeaderFields, String) {
        let boundary = "----boundary\(number)\(String(repeating: "x", count: number % 7))"
        let body =
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"organs\"\r\n\r\nleaf\r\n"
            + "--\(boundary)\r\nContent-Disposition: form-data; name=\"images\"; filename=\"a.jpg\"\r\n"
            + "Content-Type: image/jpeg\r\n\r\n\(String(repeating: "photo", count: 2000))\r\n--\(boundary)--\r\n"
        return (["Content-Type": "multipart/form-data; boundary=\(boundary)"], body)
    }

    @Test func twoHundredFormsWithDifferentBoundariesAreOneCall() async throws {
        try await self.withCollapse { proxy, upstream, gate in
            try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for number in 0..<200 {
                    let (fields, body) = Self.form(number)
                    group.addTask { try await proxy.exchange("POST", "/api/identify", fields, body: body) }
                }
                try await eventually("200 exchanges") { try proxy.upstream().metrics.inFlight == 200 }
                gate.open()
                var shared = 0
                for try await response in group {
                    #expect(response.status == 200 && response.text == "one answer")
                    // Whoever comes when the answer is there gets the stored one.
                    let status = response.fields["cache-status"] ?? ""
                    if status.contains("collapsed") || status.contains("hit") { shared += 1 }
                }
                #expect(shared == 199)
            }
            #expect(upstream.requests.count == 1)
        }
    }

    private static func told(of proxy: TestProxy) throws -> [[String]] {
        try proxy.upstream().metrics.requests.samples.map { [$0.outcome, $0.decision, $0.cache] }
    }

    @Test(arguments: [true, false]) func theAttemptOutlivesItsFirstClient(_ byReset: Bool) async throws {
        try await self.withCollapse { proxy, upstream, gate in
            let leader = try await proxy.client()
            try await leader.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            let follower = try await proxy.client()
            try await follower.send("GET", "/api/")
            try await eventually("both exchanges") { try proxy.upstream().metrics.inFlight == 2 }
            if byReset { await leader.abort() } else { await leader.close() }
            try await eventually("the leader to leave") { try proxy.upstream().metrics.inFlight == 1 }
            #expect(try Self.told(of: proxy) == [["cancelled", "pass", "miss"]])
            gate.open()
            #expect(try await follower.response().text == "one answer")
            #expect(try await proxy.exchange("GET", "/api/").text == "one answer")
            #expect(upstream.requests.count == 1)
        }
    }

    @Test func nothingIsAskedForOneWhoHasLeftAlready() async throws {
        try await self.withCollapse { proxy, upstream, gate in
            gate.open()
            let client = try await HTTP2Client(to: proxy.port)
            for stream in stride(from: UInt32(1), to: 41, by: 2) {
                try await client.send(.get("/api/\(stream)", stream: stream), .reset(stream: stream))
            }
            #expect(try await client.exchange("GET", "/api/last", stream: 41).status == 200)
            #expect(upstream.requests.map(\.target) == ["/last"])
        }
    }

    @Test func anAnswerThatNobodyWaitsForIsStored() async throws {
        try await self.withCollapse { proxy, upstream, gate in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            await client.abort()
            try await eventually("the client to leave") { try proxy.upstream().metrics.inFlight == 0 }
            gate.open()
            try await proxy.log.line("[CACHE] STORED")
            #expect(try await proxy.exchange("GET", "/api/").fields["cache-status"]?.contains("hit") == true)
            #expect(upstream.requests.count == 1)
        }
    }

    @Test func aFollowerMayLeave() async throws {
        try await self.withCollapse { proxy, upstream, gate in
            let leader = try await proxy.client()
            try await leader.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            let follower = try await proxy.client()
            try await follower.send("GET", "/api/")
            try await eventually("both exchanges") { try proxy.upstream().metrics.inFlight == 2 }
            await follower.abort()
            try await eventually("the follower to leave") { try proxy.upstream().metrics.inFlight == 1 }
            #expect(try Self.told(of: proxy) == [["cancelled", "collapsed", "collapsed"]])
            gate.open()
            #expect(try await leader.response().text == "one answer")
            #expect(upstream.requests.count == 1)
        }
    }

    @Test func callersWithDifferentCredentialsDoNotCollapse() async throws {
        try await self.withCollapse { proxy, upstream, gate in
            try await withThrowingTaskGroup(of: String.self) { group in
                for key in ["a", "a", "b", "b", "c"] {
                    group.addTask { try await proxy.exchange("GET", "/api/", ["Authorization": key]).text }
                }
                try await eventually("5 exchanges") { try proxy.upstream().metrics.inFlight == 5 }
                gate.open()
                for try await text in group { #expect(text == "one answer") }
            }
            #expect(upstream.requests.count == 3)
        }
    }

    @Test(arguments: [Reply.respond(500, body: "sorry"), .finish])
    func aFailureIsSharedToo(_ reply: Reply) async throws {
        // On one loop nobody is between having begun and having joined.
        try await self.withCollapse(reply, threads: 1) { proxy, upstream, gate in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                try await eventually("20 exchanges") { try proxy.upstream().metrics.inFlight == 20 }
                gate.open()
                for try await status in group { #expect([500, 502].contains(status)) }
            }
            // One call, one failure: the followers are no samples.
            #expect(upstream.requests.count == 1)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
            let told = try proxy.upstream().metrics.requests.samples.map { [$0.decision, $0.cache, "\($0.count)"] }
            #expect(told == [["pass", "miss", "1"], ["collapsed", "collapsed", "19"]])
        }
    }
}
