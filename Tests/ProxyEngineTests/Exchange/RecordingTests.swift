// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// An answer that may be stored is sent while it comes.
@Suite(.serialized) struct RecordingTests {
    private static let fresh: HeaderFields = ["Cache-Control": "max-age=60"]

    /// How the upstream says where content ends.
    enum Framing: CaseIterable {
        case length, chunked, untilClose
    }

    /// `01234`, and behind the gate `56789`.
    private static func halves(_ framing: Framing, _ gate: Gate, then end: Reply.Step? = nil) -> Reply {
        var fields = self.fresh
        let (first, second): (String, String)
        switch framing {
        case .length:
            fields.add("Content-Length", "10")
            (first, second) = ("01234", "56789")
        case .chunked:
            fields.add("Transfer-Encoding", "chunked")
            (first, second) = ("5\r\n01234\r\n", "5\r\n56789\r\n0\r\nX-Sum: 45\r\n\r\n")
        case .untilClose:
            (first, second) = ("01234", "56789")
        }
        var reply = Reply.headOnly(200, fields).then(.send(ByteBuffer(string: first))).then(.pass(gate))
        if let end { return reply.then(end) }
        reply = reply.then(.send(ByteBuffer(string: second)))
        return framing == .untilClose ? reply.then(.finish) : reply
    }

    private func receiveHalf(_ client: TestClient) async throws {
        _ = try await client.head()
        _ = try await client.wire.receive("half of the content") { bytes in
            String(buffer: bytes).contains("01234") ? true : nil
        }
    }

    private func rest(_ client: TestClient, until end: String) async throws {
        _ = try await client.wire.receive("the rest") { bytes in String(buffer: bytes).contains(end) ? true : nil }
    }

    // MARK: The one who asks

    @Test(arguments: Framing.allCases, [CachePolicy(), CachePolicy(ttl: .seconds(60))])
    func aPieceIsPassedOnWhenItComesAndTheWholeIsStored(_ framing: Framing, _ policy: CachePolicy) async throws {
        let gate = Gate()
        try await withOriginCache {
            $0.cache = policy
        } reply: { _, _ in
            Self.halves(framing, gate)
        } _: { (proxy, origin) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/a")
            try await self.receiveHalf(client)
            gate.open()
            try await self.rest(client, until: framing == .length ? "56789" : "56789\r\n0\r\n")
            // Trailers are for the one who asked.
            if framing == .chunked { try await self.rest(client, until: "X-Sum: 45") }
            try await proxy.log.line("[CACHE] STORED")
            let hit = try await proxy.exchange("GET", "/api/a")
            #expect(hit.text == "0123456789" && hit.cacheStatus.contains("; hit"))
            #expect(hit.fields["content-length"] == "10")
            #expect(origin.requests.count == 1)
        }
    }

    @Test(arguments: [Framing.length, .chunked], [Reply.Step.finish, .reset])
    func whatBreaksOffBreaksOffForTheClientToo(_ framing: Framing, _ end: Reply.Step) async throws {
        let gate = Gate()
        try await withOriginCache { _, count in
            count == 1 ? Self.halves(framing, gate, then: end) : .respond(fields: Self.fresh, body: "whole")
        } _: { (proxy, _) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/a")
            try await self.receiveHalf(client)
            gate.open()
            #expect(try await client.end() == .reset)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
            let next = try await proxy.exchange("GET", "/api/a")
            #expect(next.text == "whole" && next.cacheStatus.contains("fwd=uri-miss"))
        }
    }

    @Test func theRestIsStoredThoughNobodyIsThereAnyMore() async throws {
        let gate = Gate()
        try await withOriginCache { _, _ in
            Self.halves(.length, gate)
        } _: { (proxy, origin) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/a")
            try await self.receiveHalf(client)
            await client.abort()
            gate.open()
            try await proxy.log.line("[CACHE] STORED")
            #expect(try await proxy.exchange("GET", "/api/a").text == "0123456789")
            #expect(origin.requests.count == 1)
        }
    }

    // MARK: Room

    @Test(arguments: Framing.allCases) func whatTheStoreHasNoRoomForPassesAllTheSame(_ framing: Framing) async throws {
        let gates = (0..<3).map { _ in Gate() }
        try await withOriginCache { _, count in
            Self.halves(framing, gates[count - 1])
        } _: { (proxy, origin) async throws in
            // In two pieces: what comes in one is in memory already.
            func exchange(_ target: String, _ gate: Gate) async throws {
                let client = try await proxy.client()
                try await client.send("GET", target)
                try await self.receiveHalf(client)
                gate.open()
                try await self.rest(client, until: "56789")
            }
            let store = try proxy.upstream().store
            var taken = 0
            while store.expect(1 << 20) { taken += 1 << 20 }
            #expect(taken >= 64 << 20)
            for gate in gates[..<2] { try await exchange("/api/a", gate) }
            #expect(origin.requests.count == 2)
            store.expectNoMore(taken)
            // Where it turned out on the way only, the next are not kept waiting for each other for a while.
            try await exchange("/api/b", gates[2])
            #expect(try await proxy.exchange("GET", "/api/b").text == "0123456789")
            #expect(origin.requests.count == 3)
        }
    }

    @Test func roomIsGivenBackWithTheRecording() throws {
        let store = MemoryStore(maxBytes: 0)
        for length in [nil, 40 << 20] {
            for _ in 0..<3 {
                let recording = try #require(Recording(length: length, limit: 1 << 30, store: store))
                let piece = ByteBuffer(repeating: 0, count: 40 << 20)
                #expect(recording.append(piece))
                if length == nil { #expect(!recording.append(piece)) }
                #expect(Recording(length: 40 << 20, limit: 1 << 30, store: store) == nil)
            }
        }
        #expect(store.expect(64 << 20) && !store.expect(1))
    }

    // MARK: Those who join

    @Test(arguments: [1, 2]) func whoComesLaterReadsAlong(threads: Int) async throws {
        let gate = Gate()
        try await withOriginCache(threads: threads) { _ in
        } reply: { _, _ in
            Self.halves(.length, gate)
        } _: { (proxy, origin) async throws in
            var clients: [TestClient] = []
            for _ in 0..<4 {
                let client = try await proxy.client()
                try await client.send("GET", "/api/a")
                try await self.receiveHalf(client)
                clients.append(client)
            }
            gate.open()
            for client in clients { try await self.rest(client, until: "56789") }
            #expect(origin.requests.count == 1)
        }
    }

    @Test(arguments: [Framing.chunked, .untilClose])
    func whoCannotKnowWhetherAllWillComeWaitsForTheWhole(_ framing: Framing) async throws {
        let gate = Gate()
        try await withOriginCache { _, _ in
            Self.halves(framing, gate)
        } _: { (proxy, origin) async throws in
            let (leader, follower) = (try await proxy.client(), try await proxy.client())
            try await leader.send("GET", "/api/a")
            try await self.receiveHalf(leader)
            try await follower.send("GET", "/api/a")
            try await eventually("both exchanges") { try proxy.upstream().metrics.inFlight == 2 }
            gate.open()
            let answer = try await follower.response()
            #expect(answer.text == "0123456789" && answer.isComplete)
            #expect(origin.requests.count == 1)
        }
    }

    @Test func whoWantsAPartOfWhatIsValidatedWaitsForTheWhole() async throws {
        let gate = Gate()
        try await withOriginCache { _, count in
            count == 1
                ? .respond(fields: ["Cache-Control": "max-age=0", "ETag": "\"a\""], body: "old")
                : Self.halves(.length, gate)
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let client = try await proxy.client()
            try await client.send("GET", "/api/a", ["Range": "bytes=2-4"])
            try await origin.requests(atLeast: 2)
            gate.open()
            let part = try await client.response()
            #expect(part.status == 206 && part.text == "234")
        }
    }

    @Test func aFollowerThatHasBegunSeesItBreakOff() async throws {
        let gate = Gate()
        try await withOriginCache { _, count in
            Self.halves(.length, gate, then: .finish)
        } _: { (proxy, origin) async throws in
            let (leader, follower) = (try await proxy.client(), try await proxy.client())
            for client in [leader, follower] {
                try await client.send("GET", "/api/a")
                try await self.receiveHalf(client)
            }
            gate.open()
            #expect(try await leader.end() == .reset)
            #expect(try await follower.end() == .reset)
            #expect(origin.requests.count == 1)
            // One call, one failure.
            #expect(try proxy.upstream().circuit.status.failCount == 1)
        }
    }

    // MARK: Bounds

    @Test func whatBecomesTooMuchIsPassedOnAndNotStored() async throws {
        let size = 1 << 20
        try await withOriginCache {
            $0.cache?.maxEntry = 100_000
        } reply: { _, _ in
            Reply.headOnly(200, Self.fresh.appending(["Connection": "close"])).then(.sendMany(size)).then(.finish)
        } _: { (proxy, origin) async throws in
            for number in 1...2 {
                let answer = try await proxy.exchange("GET", "/api/a")
                #expect(answer.body.readableBytes == size && answer.isComplete)
                #expect(origin.requests.count == number)
            }
        }
    }

    @Test func aSlowClientHoldsNoMoreThanTheBound() async throws {
        let size = StreamingTests.size
        try await withOriginCache {
            $0.cache?.maxEntry = 1 << 20
        } reply: { _, _ in
            Reply.headOnly(200, Self.fresh.appending(["Connection": "close"])).then(.sendMany(size)).then(.finish)
        } _: { (proxy, origin) async throws in
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            try await client.send("GET", "/api/a")
            _ = try await client.head()
            let taken = try await StreamingTests.settled(proxy) { origin.record.value.sent }
            #expect(taken < StreamingTests.bound, "the upstream got rid of \(taken) octets")
            await client.abort()
            _ = try await origin.end(ofConnection: 0)
        }
    }

    @Test func whoeverLeavesBeforeItIsTooMuchLeavesNothingBehind() async throws {
        let gate = Gate()
        try await withOriginCache {
            $0.cache?.maxEntry = 100_000
        } reply: { _, _ in
            Reply.headOnly(200, Self.fresh).then(.sendMany(1000)).then(.pass(gate)).then(.sendMany(1 << 30))
        } _: { (proxy, origin) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/a")
            _ = try await client.head()
            await client.abort()
            try await eventually("the client to leave") { try proxy.upstream().metrics.inFlight == 0 }
            gate.open()
            _ = try await origin.end(ofConnection: 0)
            #expect(origin.record.value.sent < StreamingTests.bound)
        }
    }

    // MARK: Judged by its content

    @Test(arguments: [CachePolicy(), CachePolicy(ttl: .seconds(60))])
    func whatTurnsOutToBeAFailureIsNotStored(_ policy: CachePolicy) async throws {
        let gate = Gate()
        try await withOriginCache {
            $0.cache = policy
            $0.responses.expect = .json
        } reply: { _, count in
            count == 1 ? Self.halves(.length, gate) : .respond(fields: Self.fresh, body: "{}")
        } _: { (proxy, _) async throws in
            let client = try await proxy.client()
            try await client.send("GET", "/api/a")
            try await self.receiveHalf(client)
            gate.open()
            // `0123456789` is no JSON.
            try await self.rest(client, until: "56789")
            try await eventually("it to be judged") { try proxy.upstream().circuit.status.failCount == 1 }
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .body)
            #expect(try await proxy.exchange("GET", "/api/a").text == "{}")
        }
    }

    @Test func whatMayBeAFailureByItsContentWaitsWhileThereIsABetterAnswer() async throws {
        try await withOriginCache {
            $0.cache?.staleIfError = .seconds(60)
            $0.responses.expect = .json
        } reply: { _, count in
            count == 1
                ? .respond(fields: ["Cache-Control": "max-age=0", "ETag": "\"a\""], body: "{}")
                : .respond(200, Self.fresh, body: "<html>").dripping(40, every: .milliseconds(5))
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "{}")
            let stale = try await proxy.exchange("GET", "/api/a")
            #expect(stale.text == "{}" && stale.cacheStatus.hasSuffix("detail=stale-if-error"))
        }
    }
}
