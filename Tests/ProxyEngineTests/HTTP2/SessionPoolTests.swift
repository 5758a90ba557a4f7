// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// How many connections of HTTP/2 an upstream sees.
@Suite(.serialized) struct SessionPoolTests {
    /// - Parameters:
    ///   - gate: What connections pass before their handshake.
    ///   - first: The first of which that is so.
    private func withUpstream(
        settings: TestFrame = .settings(),
        gate: Gate,
        from first: Int = 1,
        connect: Duration = .seconds(30),
        protocols: @escaping @Sendable (Int) -> [String] = { _ in ["h2"] },
        test: (TestProxy, FrameUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FrameUpstream(
            settings: settings,
            greet: { if $0 >= first { try await gate.pass() } },
            protocols: protocols,
            Self.answer
        )
        try await withProxy {
            let url = UpstreamURL(isTLS: true, host: "localhost", port: upstream.port, basePath: "")
            var api = UpstreamConfiguration(name: "api", url: url)
            api.tls.caFile = TestCertificate.authorityFile
            api.timeouts.connect = connect
            var hurried = RouteRule(path: "/hurried", timeouts: api.timeouts)
            hurried.timeouts.total = .milliseconds(300)
            api.routes = [hurried]
            $0.upstreams = [api]
            $0.threads = 1
        } _: { proxy in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    private static let answer: FrameUpstream.Answer = { FrameUpstream.respond(to: $0) }

    /// Has the proxy know what the upstream speaks, and leaves it without a connection.
    private func meet(_ proxy: TestProxy, _ upstream: FrameUpstream) async throws {
        #expect(try await proxy.exchange("GET", "/api/").status == 200)
        try await upstream.send([TestFrame(.goAway, [0, 0, 0, 1, 0, 0, 0, 0])], onConnection: 0)
        try await upstream.ended(connection: 0)
    }

    private func inFlight(_ count: Int, at proxy: TestProxy) async throws {
        try await eventually("\(count) exchanges") { try proxy.upstream().metrics.inFlight == count }
    }

    @Test func `many who need one at once get one`() async throws {
        let gate = Gate()
        try await self.withUpstream(gate: gate) { (proxy, upstream) async throws in
            try await self.meet(proxy, upstream)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<30 { group.addTask { try await proxy.exchange("POST", "/api/", body: "x").status } }
                try await self.inFlight(30, at: proxy)
                gate.open()
                for try await status in group { #expect(status == 200) }
            }
            #expect(upstream.record.value.accepted == 2)
        }
    }

    @Test func `of those that nobody uses one is kept`() async throws {
        let gate = Gate()
        try await self.withUpstream(gate: gate, from: 0) { (proxy, upstream) async throws in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<5 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                // Nobody knows yet that one would do.
                _ = try await upstream.record.wait(for: "connections") { $0.accepted == 5 ? true : nil }
                gate.open()
                for try await status in group { #expect(status == 200) }
            }
            _ = try await upstream.record.wait(for: "four to be closed") { $0.ended == 4 ? true : nil }
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(upstream.record.value.accepted == 5 && upstream.record.value.ended == 4)
        }
    }

    @Test func `who waits for another's connection opens one when that gives up`() async throws {
        let gate = Gate()
        try await self.withUpstream(gate: gate) { (proxy, upstream) async throws in
            try await self.meet(proxy, upstream)
            let (first, second, third) = (try await proxy.client(), try await proxy.client(), try await proxy.client())
            try await first.send("GET", "/api/")
            _ = try await upstream.record.wait(for: "its connection") { $0.accepted == 2 ? true : nil }
            try await second.send("GET", "/api/")
            try await third.send("GET", "/api/")
            try await self.inFlight(3, at: proxy)
            // One who waits may leave, and nobody minds.
            await second.abort()
            try await self.inFlight(2, at: proxy)
            #expect(upstream.record.value.accepted == 2)
            await first.abort()
            _ = try await upstream.record.wait(for: "another connection") { $0.accepted == 3 ? true : nil }
            gate.open()
            #expect(try await third.response().status == 200)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func `who waits for one whose own time is over opens one too`() async throws {
        let gate = Gate()
        try await self.withUpstream(gate: gate) { (proxy, upstream) async throws in
            try await self.meet(proxy, upstream)
            let (first, second) = (try await proxy.client(), try await proxy.client())
            try await first.send("GET", "/api/hurried")
            _ = try await upstream.record.wait(for: "its connection") { $0.accepted == 2 ? true : nil }
            try await second.send("GET", "/api/")
            #expect(try await first.response().text.contains("total-timeout"))
            _ = try await upstream.record.wait(for: "another connection") { $0.accepted == 3 ? true : nil }
            gate.open()
            #expect(try await second.response().status == 200)
        }
    }

    @Test func `nobody waits for a place on one that will have none`() async throws {
        let gate = Gate()
        // One exchange on each.
        try await self.withUpstream(settings: .settings([3: 1]), gate: gate) { (proxy, upstream) async throws in
            try await self.meet(proxy, upstream)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                _ = try await upstream.record.wait(for: "connections") { $0.accepted == 4 ? true : nil }
                gate.open()
                for try await status in group { #expect(status == 200) }
            }
        }
    }

    @Test func `nobody waits for another's connection once the upstream has chosen HTTP/1`() async throws {
        let gate = Gate()
        let protocols: @Sendable (Int) -> [String] = { $0 == 0 ? ["h2"] : ["http/1.1"] }
        try await self.withUpstream(gate: gate, from: 2, protocols: protocols) { (proxy, upstream) async throws in
            try await self.meet(proxy, upstream)
            // What it says then is no HTTP/1.
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<3 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                _ = try await upstream.record.wait(for: "connections") { $0.accepted == 5 ? true : nil }
                gate.open()
                for try await status in group { #expect(status == 502) }
            }
        }
    }

    @Test func `what fails fails for all who wait for it`() async throws {
        try await self.withUpstream(gate: Gate(), connect: .milliseconds(400)) { (proxy, upstream) async throws in
            try await self.meet(proxy, upstream)
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<5 { group.addTask { try await proxy.exchange("GET", "/api/").text } }
                for try await text in group { #expect(text.contains("connect-timeout")) }
            }
            #expect(upstream.record.value.accepted <= 3)
        }
    }
}
