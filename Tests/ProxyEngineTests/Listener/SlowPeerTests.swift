// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Clients that take their time, or more connections than there are.
@Suite(.serialized) struct SlowPeerTests {
    private func withSettings(
        _ upstream: FaultyUpstream,
        _ change: (inout DownstreamConfiguration) -> Void,
        _ test: (TestProxy) async throws -> Void
    ) async throws {
        try await withProxy { configuration in
            change(&configuration.downstream)
            configuration.upstreams = [UpstreamConfiguration(name: "api", at: upstream)]
        } _: { (proxy) async throws in
            try await test(proxy)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
        await upstream.stop()
    }

    @Test func contentThatDripsIsGivenUp() async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in Reply([.receiveBody]) }
        try await self.withSettings(upstream) {
            $0.idle = .milliseconds(300)
            $0.minRate = 1 << 20
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("POST", "/api/", ["Content-Length": "10000000"])
            let dripping = Task {
                while !Task.isCancelled {
                    try await client.send("x")
                    _ = try await proxy.exchange("GET", "/nowhere")
                }
            }
            let response = try await client.response()
            #expect(response.status == 408)
            #expect(response.text.contains("too slowly"))
            dripping.cancel()
            _ = await dripping.result
            await client.close()
        }
    }

    private func isCut(_ proxy: TestProxy) -> Bool {
        proxy.engine.metrics.connections.first { $0.listener == "main" }?.open == 0
    }

    @Test func aReaderWhoSipsIsGivenUp() async throws {
        let upstream = try await FaultyUpstream { _ in .large(64 << 20) }
        try await self.withSettings(upstream) {
            $0.idle = .milliseconds(300)
            $0.minRate = 64 << 20
        } _: { proxy in
            let client = try await proxy.client(receiveBuffer: 4096)
            try await client.send("GET", "/api/")
            _ = try await client.head()
            try await eventually("the connection to be cut") {
                _ = try? await client.wire.receive("an octet") { $0.readInteger(as: UInt8.self) }
                return self.isCut(proxy)
            }
            #expect(try await client.end() == .reset)
        }
    }

    /// The rest of such an answer is in the buffers of the system, and no write waits for it.
    @Test func aReaderWhoStopsBeforeTheEndIsGivenUp() async throws {
        let upstream = try await FaultyUpstream { _ in .large(60 << 10) }
        try await self.withSettings(upstream) {
            $0.idle = .milliseconds(300)
        } _: { proxy in
            let client = try await proxy.client(receiveBuffer: 4096)
            try await client.send("GET", "/api/")
            // Before that there may be no connection to be cut.
            _ = try await client.head()
            try await eventually("the connection to be cut") { self.isCut(proxy) }
            #expect(try await client.end() == .reset)
        }
    }

    @Test func aConnectionOnWhichAReaderWasGivenUpTakesNothingMore() async throws {
        let upstream = try await FaultyUpstream { _ in .large(1 << 20) }
        try await self.withSettings(upstream) {
            $0.idle = .milliseconds(300)
        } _: { proxy in
            let client = try await HTTP2Client(to: proxy.port)
            client.opensWindows = false
            try await client.send(.get("/api/"))
            let last = try await client.frame { $0.kind == .goAway }
            #expect(last.errorCode == 0)
            #expect(try await client.frame { $0.kind == .reset }.stream == 1)
            await client.client.close()
        }
    }

    @Test func aReaderWhoKeepsThePaceGetsEverything() async throws {
        let upstream = try await FaultyUpstream { _ in .large(16 << 20) }
        try await self.withSettings(upstream) {
            $0.idle = .seconds(5)
            $0.minRate = 1 << 10
        } _: { proxy in
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            let response = try await client.exchange("GET", "/api/")
            #expect(response.body.readableBytes == 16 << 20 && response.isComplete)
        }
    }

    @Test func whenAllPlacesAreTakenOthersWaitUntilOneIsFree() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        try await self.withSettings(upstream) {
            $0.maxConnections = 10
        } _: { proxy in
            var busy: [TestClient] = []
            for _ in 0..<10 {
                let client = try await proxy.client()
                try await client.send("GET", "/api/")
                busy.append(client)
            }
            try await upstream.requests(atLeast: 10)
            try await proxy.log.line("[LIMIT] all connections are taken")
            let waiting = try await proxy.client()
            try await waiting.send("GET", "/nowhere")
            gate.open()
            for client in busy {
                #expect(try await client.response().text == "hello")
                await client.close()
            }
            #expect(try await waiting.response().status == 404)
            await waiting.close()
        }
    }

    @Test func connectionsThatAreOnlyKeptMakeRoom() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withSettings(upstream) {
            $0.maxConnections = 10
        } _: { proxy in
            var kept: [TestClient] = []
            for _ in 0..<30 {
                let client = try await proxy.client()
                #expect(try await client.exchange("GET", "/api/").text == "hello")
                kept.append(client)
            }
            for client in kept { await client.close() }
        }
    }

    @Test func thoseOfHTTP2DoToo() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withSettings(upstream) {
            $0.maxConnections = 10
        } _: { proxy in
            var kept: [HTTP2Client] = []
            for _ in 0..<15 {
                let client = try await HTTP2Client(to: proxy.port)
                try await client.send(.headers(TestFrame.request("GET", "/api/")))
                #expect(try await client.response().status == 200)
                kept.append(client)
            }
            // They were told before, so that they need not ask in vain.
            let last = try await kept[0].frame { $0.kind == .goAway }
            #expect(last.errorCode == 0)
            for client in kept { await client.client.close() }
        }
    }

    @Test func anAddressHasItsShareOfConnections() async throws {
        let upstream = try await FaultyUpstream()
        try await self.withSettings(upstream) {
            $0.maxConnectionsPerAddress = 3
        } _: { proxy in
            var clients: [TestClient] = []
            for _ in 0..<3 {
                let client = try await proxy.client()
                #expect(try await client.exchange("GET", "/api/").text == "hello")
                clients.append(client)
            }
            let fourth = try await proxy.client()
            _ = try await fourth.end()
            for client in clients { await client.close() }
            try await eventually("there to be room again") {
                (try? await proxy.exchange("GET", "/api/").text) == "hello"
            }
        }
    }
}
