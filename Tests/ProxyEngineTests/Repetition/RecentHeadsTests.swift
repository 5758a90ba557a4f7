// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Heads that come again, as one loop knows them.
@Suite struct RecentHeadsTests {
    private static let limits = HeadLimits(line: 8 << 10, fields: 32 << 10, count: 100)
    private static let plain = "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n"

    private let heads = RecentHeads()

    private func next(_ text: String) throws -> (head: RequestHead, recent: RecentHead?)? {
        var buffer = ByteBuffer(string: text)
        var parser = RequestParser(limits: Self.limits)
        return try self.heads.next(in: &buffer, &parser)
    }

    @Test func whatComesOftenIsKnownFromTheSecondTimeOn() throws {
        let parsed = try #require(try self.next(Self.plain))
        #expect(parsed.recent == nil)
        let second = try #require(try self.next(Self.plain))
        let recent = try #require(second.recent)
        for _ in 0..<3 {
            let again = try #require(try self.next(Self.plain))
            #expect(again.recent === recent)
            #expect(again.head == parsed.head)
        }
    }

    @Test func oneOctetMakesAnother() throws {
        for _ in 0..<3 { _ = try self.next(Self.plain) }
        for position in Self.plain.utf8.indices {
            var octets = Array(Self.plain.utf8)
            octets[Self.plain.utf8.distance(from: Self.plain.utf8.startIndex, to: position)] ^= 0x01
            var (first, second) = (ByteBuffer(bytes: octets), ByteBuffer(bytes: octets))
            var (parser, other) = (RequestParser(limits: Self.limits), RequestParser(limits: Self.limits))
            let known = Result { try self.heads.next(in: &first, &parser)?.head }
            let parsed = Result { try other.next(in: &second) }
            #expect((try? known.get()) == (try? parsed.get()))
            #expect(first == second)
        }
    }

    /// All but the head itself would have to be looked at each time.
    @Test(
        arguments: [
            "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
            "GET /\(String(repeating: "a", count: 1024)) HTTP/1.1\r\nHost: x\r\n\r\n",
        ]
    )
    func whatIsMoreThanItsHeadIsNotKept(_ text: String) throws {
        for _ in 0..<4 {
            let next = try #require(try self.next(text))
            #expect(next.recent == nil)
        }
    }

    @Test func severalInOnePieceAreTakenOneByOne() throws {
        for _ in 0..<4 {
            var buffer = ByteBuffer(string: Self.plain + Self.plain + "GET /last HTTP/1.1\r\nHost: x\r\n\r\n")
            var parser = RequestParser(limits: Self.limits)
            let targets = try (0..<3).map { _ in try self.heads.next(in: &buffer, &parser)?.head.target }
            #expect(targets == ["/a?b=c", "/a?b=c", "/last"])
            #expect(buffer.readableBytes == 0)
        }
    }

    @Test func theTunnelMakesAnother() throws {
        let tunnels = [nil, Authority("a:443"), Authority("b:443")]
        var known: [Int: Set<ObjectIdentifier>] = [:]
        // What is gone gives its address to others.
        var kept: [RecentHead] = []
        for _ in 0..<4 {
            for (index, tunnel) in tunnels.enumerated() {
                var buffer = ByteBuffer(string: Self.plain)
                var parser = RequestParser(limits: Self.limits)
                let next = try #require(try self.heads.next(in: &buffer, &parser, tunnel: tunnel))
                // Two may have one slot, and then keep taking it from each other.
                guard let recent = next.recent else { continue }
                known[index, default: []].insert(ObjectIdentifier(recent))
                kept.append(recent)
            }
        }
        for (index, heads) in known {
            for (other, others) in known where other != index { #expect(heads.isDisjoint(with: others)) }
        }
        #expect(!kept.isEmpty)
    }

    @Test func garbageIsRefusedHoweverOftenItComes() throws {
        for _ in 0..<4 {
            #expect(throws: HTTP1Error.self) { try self.next("GET / HTTP/1.1\r\nHost : x\r\n\r\n") }
            #expect(throws: HTTP1Error.self) { try self.next("\0ET / HTTP/1.1\r\nHost: x\r\n\r\n") }
        }
    }

    /// The same as the parser, whatever comes in whatever order.
    @Test func nothingIsTakenForSomethingElse() throws {
        let seed: UInt64 = 0x5eed_0f_ead5
        var generator = SeededGenerator(seed: seed)
        let known = (0..<600).map { "GET /\($0) HTTP/1.1\r\nHost: x\r\nN: \($0 % 7)\r\n\r\n" }
        var recalled = 0
        for _ in 0..<20_000 {
            // Those in front come often, and together they are more than there is room for.
            let rank = min(Int.random(in: 0..<600, using: &generator), Int.random(in: 0..<600, using: &generator))
            var octets = Array(known[rank].utf8)
            if Int.random(in: 0..<4, using: &generator) == 0 { octets = generator.damaged(octets) }
            var (one, other) = (ByteBuffer(bytes: octets), ByteBuffer(bytes: octets))
            var (first, second) = (RequestParser(limits: Self.limits), RequestParser(limits: Self.limits))
            let found = try? self.heads.next(in: &one, &first)
            if found?.recent != nil { recalled += 1 }
            #expect(found?.head == (try? second.next(in: &other)), "seed \(seed)")
            #expect(one == other, "seed \(seed)")
        }
        #expect(recalled > 5_000, "seed \(seed)")
    }
}

/// The same through listeners, where more than a head decides.
@Suite(.serialized) struct RecentRequestTests {
    @Test func whatIsKnownIsForgottenWithItsConfiguration() async throws {
        let (old, new) = (try await FaultyUpstream(), try await FaultyUpstream { _ in .respond(body: "new") })
        try await withProxy(to: old) {
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } _: { (proxy) async throws in
            let client = try await proxy.client()
            for _ in 0..<4 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "hello")
            }
            try await proxy.reload { $0.upstreams.append(UpstreamConfiguration(name: "new", at: new)) }
            try await proxy.reload {
                $0.upstreams.removeFirst()
                $0.upstreams[0].path = "/api"
            }
            for _ in 0..<4 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "new")
            }
        }
        await new.stop()
    }

    @Test func theTokenIsTakenOffEachTime() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { _ in
        } _: { (proxy) async throws in
            try await proxy.reload { $0.listen[0].access.tokens = [Secret("correct-horse-battery")] }
            let client = try await proxy.client()
            for _ in 0..<4 {
                let fields: HeaderFields = ["Authorization": "Bearer correct-horse-battery"]
                let response = try await client.exchange("GET", "/api/", fields)
                #expect(response.status == 200)
            }
            #expect(upstream.requests.count == 4)
            #expect(upstream.requests.allSatisfy { !$0.rawHead.contains("correct-horse-battery") })
        }
    }

    /// To a listener for operators the same head is another request.
    @Test func theOperatorsListenerKnowsNothingOfIt() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { _ in
        } _: { (proxy) async throws in
            try await proxy.reload { $0.admin = ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 0)) }
            let admin = try #require(proxy.engine.adminAddress?.port)
            for _ in 0..<4 {
                let there = try await proxy.exchange("GET", "/api/")
                #expect(there.status == 200)
                let client = try await TestClient(to: admin)
                let here = try await client.exchange("GET", "/api/")
                #expect(here.status == 404)
                await client.close()
            }
        }
    }

    @Test func headAndGetKeepTheirOwnAnswers() async throws {
        try await withOriginCache(threads: 1) {
            $0.cache = CachePolicy()
        } reply: { request, _ in
            let fields: HeaderFields = ["Cache-Control": "max-age=3600"]
            return request.method == "HEAD" ? .headOnly(200, fields) : .respond(200, fields, body: "hello")
        } _: { (proxy, upstream) async throws in
            let client = try await proxy.client()
            for _ in 0..<4 {
                let head = try await client.exchange("HEAD", "/api/")
                #expect(head.status == 200 && head.body.readableBytes == 0)
                let get = try await client.exchange("GET", "/api/")
                #expect(get.text == "hello")
            }
            #expect(upstream.requests.count <= 2)
        }
    }

    // MARK: Hits

    private static let anHourAgo = HTTPDate.imfFixdate(DateField.seconds - 3600)

    private func withHits(
        _ fields: HeaderFields = ["Date": Self.anHourAgo, "ETag": "\"a\""],
        _ test: (TestProxy, TestClient) async throws -> Void
    ) async throws {
        try await withOriginCache(threads: 1) {
            $0.cache = CachePolicy()
        } reply: { request, count in
            .respond(200, fields.appending(["Cache-Control": "max-age=90000"]), body: "answer \(count)")
        } _: { (proxy, _) async throws in
            let client = try await proxy.client()
            for _ in 0..<5 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "answer 1")
            }
            try await test(proxy, client)
        }
    }

    @Test(arguments: [["Date": Self.anHourAgo], HeaderFields()])
    func theAgeOfARepeatedHitGoesOn(_ fields: HeaderFields) async throws {
        try await self.withHits(fields) { (_, client) async throws in
            func age() async throws -> (age: Int, sum: Int) {
                let response = try await client.exchange("GET", "/api/")
                let age = try #require(response.fields["age"].flatMap { Int($0) })
                let ttl = try #require(response.cacheStatus.firstMatch(of: /ttl=(\d+)/).flatMap { Int($0.1) })
                return (age, age + ttl)
            }
            let first = try await age()
            var last = first
            try await eventually("the age to go on by two") {
                let next = try await age()
                #expect(next.age >= last.age)
                #expect(90_000 - 1...90_000 ~= next.sum)
                last = next
                return next.age >= first.age + 2
            }
        }
    }

    @Test func aRepeatedHitTellsTheStateOfTheCircuit() async throws {
        try await self.withHits { (proxy, client) async throws in
            let circuit = try proxy.upstream().circuit
            for _ in 0..<3 {
                for state in [CircuitBreaker.ForcedState.open, .closed] {
                    circuit.force(state, for: nil)
                    for _ in 0..<3 {
                        let response = try await client.exchange("GET", "/api/")
                        #expect(response.text == "answer 1")
                        #expect(response.fields["x-windbreak-circuit"] == "api; state=\(circuit.state.rawValue)")
                    }
                }
            }
        }
    }

    @Test func eachRepeatedHitCounts() async throws {
        try await self.withHits { (proxy, client) async throws in
            for _ in 0..<3 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "answer 1")
            }
            let metrics = try proxy.upstream().metrics
            try await eventually("the end of the last exchange") { metrics.inFlight == 0 }
            let hits = metrics.requests.samples.filter { $0.cache == "hit" && $0.statusClass == "2xx" }
            #expect(hits.map(\.count) == [7] && hits.first?.decision == "hit")
            #expect(proxy.log.count(of: "[CACHE] HIT api ") == 7)
        }
    }

    /// Such heads come to a guarded listener too.
    @Test func aRepeatedHitIsForThoseAdmittedOnly() async throws {
        try await self.withHits { (proxy, client) async throws in
            try await proxy.reload { $0.listen[0].access.tokens = [Secret("correct-horse-battery")] }
            let fields: HeaderFields = ["Authorization": "Bearer correct-horse-battery"]
            for _ in 0..<4 {
                let response = try await client.exchange("GET", "/api/", fields)
                #expect(response.text == "answer 1")
                let stranger = try await TestClient(to: proxy.port)
                let refused = try await stranger.exchange("GET", "/api/")
                #expect(refused.status == 401)
                await stranger.close()
            }
        }
    }

    @Test(arguments: ["127.0.0.0/8", "10.0.0.0/8"])
    func aRepeatedHitIsForTheNetworksThatAreAllowed(_ name: String) async throws {
        try await self.withHits { (proxy, client) async throws in
            let network = try #require(IPNetwork(name))
            try await proxy.reload { $0.listen[0].access.networks = [network] }
            for _ in 0..<5 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.status == (name.hasPrefix("127") ? 200 : 403))
            }
        }
    }

    @Test func whatIsStoredNoMoreIsNotRepeated() async throws {
        try await self.withHits { (_, client) async throws in
            let unsafe = try await client.exchange("POST", "/api/")
            #expect(unsafe.text == "answer 2")
            for _ in 0..<4 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "answer 3")
            }
        }
    }

    @Test func whatAsksForLessGetsLessEachTime() async throws {
        try await self.withHits { (_, client) async throws in
            for _ in 0..<4 {
                let part = try await client.exchange("GET", "/api/", ["Range": "bytes=0-2"])
                #expect(part.status == 206 && part.text == "ans")
                let unchanged = try await client.exchange("GET", "/api/", ["If-None-Match": "\"a\""])
                #expect(unchanged.status == 304 && unchanged.body.readableBytes == 0)
                let changed = try await client.exchange("GET", "/api/", ["If-None-Match": "\"b\""])
                #expect(changed.text == "answer 1")
                let head = try await client.exchange("HEAD", "/api/")
                #expect(head.fields["content-length"] == "8" && head.body.readableBytes == 0)
                let whole = try await client.exchange("GET", "/api/")
                #expect(whole.text == "answer 1")
            }
        }
    }

    @Test func theLastAnswerOfAConnectionSaysSo() async throws {
        try await self.withHits { (_, client) async throws in
            let last = try await client.exchange("GET", "/api/", ["Connection": "close"])
            #expect(last.fields["connection"] == "close")
            #expect(try await client.end() == .finished)
        }
    }

    // MARK: Rejections

    @Test func aRepeatedRejectionCountsDown() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { _ in
        } _: { (proxy) async throws in
            let client = try await proxy.client()
            for _ in 0..<3 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.status == 200)
            }
            try proxy.upstream().circuit.force(.open, for: .seconds(3))
            var (last, seen) = (3, Set<Int>())
            try await eventually("the circuit to close again") {
                let response = try await client.exchange("GET", "/api/")
                guard response.status == 503 else { return response.status == 200 }
                let seconds = try #require(response.fields["retry-after"].flatMap { Int($0) })
                #expect(1...last ~= seconds)
                #expect(response.text.contains("\"retry_after\":\(seconds)}"))
                #expect(response.fields["x-windbreak-circuit"] == "api; state=open")
                #expect(response.cacheStatus == "windbreak; fwd=bypass")
                last = seconds
                seen.insert(seconds)
                return false
            }
            #expect(seen.count > 1)
            #expect(proxy.log.count(of: "OPEN") > 0)
        }
    }
}
