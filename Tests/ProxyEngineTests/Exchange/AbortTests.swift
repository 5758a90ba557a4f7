// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// A client that goes away takes back what it asked for, and nobody is to blame.
@Suite(.serialized) struct AbortTests {
    private func expectNeutral(
        _ proxy: TestProxy,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("every permit to come back") { try proxy.upstream().circuit.status.inFlight == 0 }
        let status = try proxy.upstream().circuit.status
        #expect(status.failCount == 0 && status.lastFailure == nil, sourceLocation: sourceLocation)
    }

    @Test(arguments: [true, false]) func beforeTheAnswer(_ byReset: Bool) async throws {
        let upstream = try await FaultyUpstream { _ in .stall }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("POST", "/api/", body: "x")
            try await upstream.requests(atLeast: 1)
            if byReset { await client.abort() } else { await client.close() }
            _ = try await upstream.end(ofConnection: 0)
            try await self.expectNeutral(proxy)
        }
    }

    @Test(arguments: [true, false]) func withinTheAnswer(_ byReset: Bool) async throws {
        let upstream = try await FaultyUpstream { _ in .respond(body: "0123456789").stopping(afterBody: 5, then: .stall)
        }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            _ = try await client.head()
            if byReset { await client.abort() } else { await client.close() }
            _ = try await upstream.end(ofConnection: 0)
            try await self.expectNeutral(proxy)
        }
    }

    @Test func withinALargeAnswer() async throws {
        let upstream = try await FaultyUpstream { _ in .large(64 << 20) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            try await client.send("GET", "/api/")
            _ = try await client.head()
            await client.abort()
            _ = try await upstream.end(ofConnection: 0)
            try await self.expectNeutral(proxy)
        }
    }

    @Test(arguments: [true, false], [true, false])
    func withinTheRequest(_ byReset: Bool, _ isChunked: Bool) async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in Reply([.receiveBody]) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let half = String(repeating: "x", count: 100_000)
            if isChunked {
                try await client.send("POST", "/api/", ["Transfer-Encoding": "chunked"], body: "30D40\r\n" + half)
            } else {
                try await client.send("POST", "/api/", ["Content-Length": "200000"], body: half)
            }
            try await eventually("half of the request to arrive") { upstream.record.value.received > 100_000 }
            if byReset { await client.abort() } else { await client.close() }
            _ = try await upstream.end(ofConnection: 0)
            try await self.expectNeutral(proxy)
        }
    }

    @Test func withRequestsThatWait() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond().after(gate) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let request = "GET /api/ HTTP/1.1\r\nHost: x\r\n\r\n"
            try await client.send(request + request + request)
            try await upstream.requests(atLeast: 1)
            await client.abort()
            _ = try await upstream.end(ofConnection: 0)
            gate.open()
            try await self.expectNeutral(proxy)
            #expect(try await proxy.exchange("GET", "/api/last").status == 200)
            // Nobody was there any more to ask for the other two.
            #expect(upstream.requests.map(\.target) == ["/", "/last"])
        }
    }

    @Test func whileConnecting() async throws {
        let unreachable = try await UnreachableListener()
        try await withProxy { configuration in
            let url = UpstreamURL(isTLS: false, host: "127.0.0.1", port: unreachable.port, basePath: "")
            configuration.upstreams = [UpstreamConfiguration(name: "api", url: url)]
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await eventually("the attempt to begin") { try proxy.upstream().circuit.status.inFlight == 1 }
            await client.abort()
            try await self.expectNeutral(proxy)
        }
        await unreachable.stop()
    }

    @Test func aProbeThatIsAbortedGivesItsPlaceBack() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(500), .stall)
        try await withProxy(to: upstream) {
            $0.breaker.failMax = 1
            $0.breaker.resetTimeout = .milliseconds(50)
        } _: { proxy in
            #expect(try await proxy.exchange("GET", "/api/").status == 500)
            try await eventually("the circuit to be half-open") { try proxy.upstream().circuit.state == .halfOpen }
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 2)
            #expect(try await proxy.exchange("GET", "/api/").status == 503)
            await client.abort()
            try await eventually("the probe to end") { try proxy.upstream().circuit.status.inFlight == 0 }
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(try proxy.upstream().circuit.state == .closed)
        }
    }
}
