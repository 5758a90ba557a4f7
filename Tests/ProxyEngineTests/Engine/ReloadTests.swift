// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct ReloadTests {
    @Test func whatAnUpstreamHasLearntLivesOn() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(body: "first"), .respond(500), .respond(500))
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 3
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } _: { proxy in
            #expect(try await proxy.exchange("GET", "/api/a").text == "first")
            for _ in 0..<2 { #expect(try await proxy.exchange("GET", "/api/b").status == 500) }
            try await proxy.reload { $0.upstreams[0].timeouts.total = .seconds(7) }
            #expect(proxy.engine.snapshot?.generation == 2)
            #expect(try proxy.upstream().circuit.status.failCount == 2)
            #expect(try await proxy.exchange("GET", "/api/a").text == "first")
            #expect(try await proxy.exchange("GET", "/api/b").text == "hello")
            #expect(upstream.record.value.accepted == 1)
            #expect(upstream.requests.count == 4)
        }
    }

    @Test func newThresholdsAreJudgedAtTheNextOutcome() async throws {
        let upstream = try await FaultyUpstream { _ in .respond(500) }
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 10
        } _: { proxy in
            for _ in 0..<5 { _ = try await proxy.exchange("GET", "/api/") }
            try await proxy.reload { $0.upstreams[0].breaker.failMax = 2 }
            #expect(try proxy.upstream().circuit.state == .closed)
            #expect(try await proxy.exchange("GET", "/api/").status == 500)
            #expect(try await proxy.exchange("GET", "/api/").status == 503)
            try await proxy.reload { $0.upstreams[0].breaker.mode = .off }
            #expect(try await proxy.exchange("GET", "/api/").status == 500)
        }
    }

    @Test func anUpstreamThatMovedGetsNewConnections() async throws {
        let (old, new) = (try await FaultyUpstream(), try await FaultyUpstream())
        try await withProxy(to: old) { proxy in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            let port = new.port
            try await proxy.reload { $0.upstreams[0].url.port = port }
            _ = try await old.end(ofConnection: 0)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(old.requests.count == 1 && new.requests.count == 1)
        }
        await new.stop()
    }

    @Test func anUpstreamThatIsGoneIsForgotten() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            let before = try proxy.upstream().configuration
            try await proxy.reload { $0.upstreams = [] }
            #expect(try await proxy.exchange("GET", "/api/").status == 404)
            _ = try await upstream.end(ofConnection: 0)
            try await proxy.reload { $0.upstreams = [before] }
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func aConnectionAndAnExchangeLiveThroughIt() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            for _ in 0..<5 { try await proxy.reload { $0.upstreams[0].path = "/moved" } }
            gate.open()
            #expect(try await client.response().text == "hello")
            #expect(try await client.exchange("GET", "/api/").status == 404)
            #expect(try await client.exchange("GET", "/moved/").text == "hello")
        }
    }

    @Test func noRequestFailsWhileItHappensAgainAndAgain() async throws {
        let upstream = try await FaultyUpstream { request in .respond(body: request.target + request.bodyText) }
        try await withProxy(to: upstream, threads: 2) { proxy in
            let isDone = Watched(false)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        let client = try await proxy.client()
                        var count = 0
                        while !isDone.value {
                            let response = try await client.exchange("POST", "/api/\(number)", body: "-\(count)")
                            #expect(response.status == 200 && response.text == "/\(number)-\(count)")
                            count += 1
                        }
                        return count
                    }
                }
                for count in 1...200 {
                    try await proxy.reload { $0.upstreams[0].timeouts.total = .seconds(20 + count) }
                    // Never faster than there are requests to disturb.
                    try await upstream.requests(atLeast: 4 * count)
                }
                isDone.update { $0 = true }
                #expect(try await group.reduce(0, +) >= 800)
            }
            #expect(proxy.engine.snapshot?.generation == 201)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func listenersComeAndGo() async throws {
        let upstream = try await FaultyUpstream()
        let spare = try FreePort.any()
        try await withProxy(to: upstream) { proxy in
            let old = proxy.port
            let idle = try await proxy.client()
            #expect(try await idle.exchange("GET", "/api/").status == 200)
            try await proxy.reload {
                $0.listen.append(ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: spare)))
            }
            #expect(proxy.engine.mainAddresses.compactMap(\.port) == [old, spare])
            let second = try await TestClient(to: spare)
            #expect(try await second.exchange("GET", "/api/").status == 200)
            #expect(try await idle.exchange("GET", "/api/").status == 200)
            try await proxy.reload { $0.listen.removeFirst() }
            #expect(try await idle.end() == .finished)
            await #expect(throws: (any Error).self) { try await TestClient(to: old) }
            #expect(try await second.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func anExchangeOnAListenerThatGoesIsFinished() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        let spare = try FreePort.any()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            try await proxy.reload {
                $0.listen = [ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: spare))]
            }
            gate.open()
            let response = try await client.response()
            #expect(response.text == "hello")
            #expect(response.fields["connection"] == "close")
            #expect(try await client.end() == .finished)
        }
    }

    @Test func anAddressThatIsTakenChangesNothing() async throws {
        let (upstream, other) = (try await FaultyUpstream(), try await FaultyUpstream())
        try await withProxy(to: upstream) { (proxy) async throws in
            await #expect(throws: EngineError.self) {
                try await proxy.reload {
                    $0.upstreams = []
                    $0.listen = [ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: other.port))]
                }
            }
            #expect(proxy.engine.snapshot?.generation == 1)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
        }
        await other.stop()
    }
}
