// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// CONNECT, over real sockets.
@Suite(.serialized) struct TunnelTests {
    private static let connect = "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n\r\n"

    /// A client with a tunnel.
    private static func client(of proxy: TestProxy, receiveBuffer: Int32? = nil) async throws -> TestClient {
        let client = try await proxy.client(receiveBuffer: receiveBuffer)
        try await client.send(Self.connect)
        #expect(try await client.head().status == 200)
        return client
    }

    @Test func whatFollowsTheHeadGoesThroughUntouched() async throws {
        let upstream = try await FaultyUpstream()
        try await withTunnels(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send(Self.connect + "GET /inside HTTP/1.1\r\nHost: inside\r\n\r\n")
            let head = try await client.head()
            #expect(head.status == 200)
            #expect(!head.fields.contains("content-length") && !head.fields.contains("transfer-encoding"))
            #expect(try await client.response().text == "hello")
            #expect(try await client.exchange("POST", "/again", body: "x").text == "hello")
            #expect(upstream.requests.map(\.target) == ["/inside", "/again"])
            #expect(upstream.requests.allSatisfy { !$0.fields.contains("via") })
            #expect(try proxy.upstream().metrics.inFlight == 1)
            await client.close()
            try await eventually("the tunnel to end") { try proxy.upstream().metrics.inFlight == 0 }
            #expect(try await upstream.end(ofConnection: 0) == .finished)
        }
    }

    /// Whoever has said all may still hear everything, however slowly it is taken.
    @Test(arguments: [Reply.large(4 << 20), .respond(body: "bye", as: .untilClose)])
    func aClientMayEndFirst(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(reply)
        try await withTunnels(to: upstream) { proxy in
            let client = try await Self.client(of: proxy, receiveBuffer: 4 << 10)
            try await client.send("GET", "/")
            try await client.halfClose()
            let response = try await client.response()
            #expect(response.isComplete || response.text == "bye")
            #expect(try await client.end() == .finished)
            #expect(try await upstream.end(ofConnection: 0) == .finished)
        }
    }

    @Test func anUpstreamMayEndFirst() async throws {
        let gate = Gate()
        // Ends what it sends with its answer, and reads on.
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in
            Reply([.send(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")), .halfClose, .pass(gate), .receiveBody])
        }
        try await withTunnels(to: upstream) { proxy in
            let client = try await Self.client(of: proxy)
            try await client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(2 << 20)\r\n\r\n")
            #expect(try await client.response().status == 200)
            let sending = Task {
                try await client.wire.send(ByteBuffer(repeating: 0x78, count: 2 << 20))
                await client.close()
            }
            gate.open()
            try await sending.value
            try await upstream.record.wait(for: "all of the content") { $0.received >= 2 << 20 ? true : nil }
        }
    }

    @Test func aResetOnOneSideIsAResetOnTheOther() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.reset)
        try await withTunnels(to: upstream) { proxy in
            let cut = try await Self.client(of: proxy)
            try await cut.send("GET", "/")
            #expect(try await cut.end() == .reset)
            let client = try await Self.client(of: proxy)
            _ = try await client.exchange("GET", "/")
            await client.abort()
            #expect(try await upstream.end(ofConnection: 1) == .reset)
        }
    }

    @Test(
        arguments: [
            ("evil.example:443", 403), ("api.example:22", 403), ("api.example", 400), ("api.example:0", 400),
            ("u@api.example:443", 400), ("/x", 400), ("http://api.example:443", 400), ("api.example:443/", 400),
            ("[api.example]:443", 400), ("api.example:4433333", 400),
        ]
    )
    func otherTunnelsAreRefused(_ target: String, _ status: Int) async throws {
        let upstream = try await FaultyUpstream()
        try await withTunnels(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("CONNECT \(target) HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try await client.response()
            #expect(response.status == status)
            #expect(response.fields["content-type"] == "application/problem+json")
            #expect(try await client.end() == .finished)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func contentInARequestForATunnelIsRefused() async throws {
        let upstream = try await FaultyUpstream()
        try await withTunnels(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("CONNECT api.example:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
            #expect(try await client.response().status == 400)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func failuresToConnectOpenTheCircuit() async throws {
        let upstream = try await FaultyUpstream(port: FreePort.any())
        try await upstream.refuseConnections()
        try await withTunnels(to: upstream) { proxy in
            for (status, state) in [(502, "closed"), (502, "open"), (503, "open")] {
                let client = try await proxy.client()
                try await client.send(Self.connect)
                let response = try await client.response()
                #expect(response.status == status)
                #expect(response.fields["x-windbreak-circuit"] == "api; state=\(state)")
                #expect(response.fields.contains("retry-after") == (status == 503))
            }
            #expect(try proxy.upstream().circuit.state == .open)
            #expect(try proxy.upstream().metrics.inFlight == 0)
        }
    }

    @Test(arguments: [true, false]) func aTunnelThatLastsTooLongIsCut(_ byIdle: Bool) async throws {
        let upstream = try await FaultyUpstream()
        try await withTunnels(to: upstream) {
            if byIdle { $0.forward.idle = .milliseconds(100) } else { $0.forward.total = .milliseconds(100) }
        } _: { proxy in
            let client = try await Self.client(of: proxy)
            #expect(try await client.end() == .reset)
            #expect(try await upstream.end(ofConnection: 0) == .reset)
        }
    }

    @Test func aSlowReaderHoldsTheOtherSideBackAndIsCutWhenItStops() async throws {
        let upstream = try await FaultyUpstream { _ in .large(256 << 20) }
        try await withTunnels(to: upstream) {
            $0.forward.idle = .milliseconds(300)
        } _: { proxy in
            let client = try await Self.client(of: proxy, receiveBuffer: 4 << 10)
            try await client.send("GET", "/")
            // A writer that is cut off may see nothing of how.
            _ = try await upstream.end(ofConnection: 0)
            #expect(upstream.record.value.sent < 32 << 20)
        }
    }
}
