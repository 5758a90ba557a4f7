// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct PoolingTests {
    @Test func connectionsAreUsedAgain() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            for _ in 0..<5 { #expect(try await client.exchange("GET", "/api/").text == "hello") }
            for _ in 0..<5 { #expect(try await proxy.exchange("POST", "/api/", body: "x").text == "hello") }
            #expect(upstream.record.value.accepted == 1)
            #expect(upstream.requests.count == 10)
        }
    }

    @Test(
        arguments: [
            Reply.respond(200, ["Connection": "close"], body: "hello"), .respond(body: "hello", as: .untilClose),
            .raw("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
            // Somebody else's answer, perhaps.
            .respond(body: "hello").then(.send(.init(string: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"))),
        ]
    )
    func connectionsThatCannotBeUsedAgainAreNot(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(reply, reply)
        try await withProxy(to: upstream) { (proxy) async throws in
            for _ in 0..<3 { #expect(try await proxy.exchange("GET", "/api/").text == "hello") }
            #expect(upstream.record.value.accepted == 3)
        }
    }

    /// RFC 9110, 8.6, and RFC 9112, 6.1: what such a head announces may come when another asks.
    @Test(
        arguments: [
            (204, ["Content-Length": "59"], 2), (204, ["Transfer-Encoding": "chunked"], 2),
            (204, ["Content-Length": "0"], 1), (204, [:], 1), (304, ["Content-Length": "5"], 1), (304, [:], 1),
        ] as [(Int, HeaderFields, Int)]
    )
    func whatAnnouncesContentThatItCannotHaveIsTheLast(status: Int, fields: HeaderFields, accepted: Int) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.headOnly(status, fields))
        try await withProxy(to: upstream) { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == status)
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            #expect(upstream.record.value.accepted == accepted)
        }
    }

    @Test func idleConnectionsAreClosedAfterTheirTime() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.connections.idle = .milliseconds(50)
        } _: { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            #expect(try await upstream.end(ofConnection: 0) == .finished)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
            #expect(upstream.record.value.accepted == 2)
        }
    }

    @Test func noMoreIdleConnectionsAreKeptThanAllowed() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond().after(gate) }
        try await withProxy(to: upstream) {
            $0.connections.maxIdle = 2
        } _: { proxy in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<5 { group.addTask { try await proxy.exchange("GET", "/api/").status } }
                try await upstream.requests(atLeast: 5)
                gate.open()
                for try await status in group { #expect(status == 200) }
            }
            try await eventually("three connections to be closed") { upstream.record.value.ended.count == 3 }
            #expect(upstream.record.value.openConnections == 2)
        }
    }

    @Test(arguments: [Reply.finish, .reset])
    func aDeadReusedConnectionIsReplacedForGET(_ end: Reply) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(), end)
        try await withProxy(to: upstream) { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            #expect(try await proxy.exchange("GET", "/api/again").text == "hello")
            #expect(upstream.requests.map(\.target) == ["/", "/again", "/again"])
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test(arguments: [Reply.finish, .reset])
    func aDeadReusedConnectionIsNeverReplacedForPOST(_ end: Reply) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(), end)
        try await withProxy(to: upstream) { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            let response = try await proxy.exchange("POST", "/api/again", body: "paid for")
            #expect(response.status == 502)
            #expect(response.fields["proxy-status"]?.contains("error=connection_terminated") == true)
            #expect(upstream.requests.map(\.target) == ["/", "/again"])
        }
    }

    @Test func aFreshConnectionThatDiesIsAFailure() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.finish)
        try await withProxy(to: upstream) { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            #expect(upstream.requests.count == 1)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
        }
    }

    @Test func aRequestIsReplayedOnceOnly() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(), .finish, .finish)
        try await withProxy(to: upstream) { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            #expect(upstream.requests.count == 3)
        }
    }

    @Test func anAnswerThatHadBegunIsNotAskedForAgain() async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(.respond(), .raw("HTTP/1.1 200 OK\r\n").then(.finish))
        try await withProxy(to: upstream) { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 502)
            #expect(response.fields["proxy-status"]?.contains("error=http_response_incomplete") == true)
            #expect(upstream.requests.count == 2)
        }
    }

    @Test func aConnectionThatTheUpstreamClosedInItsSleepIsNotTaken() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, threads: 1) { proxy in
            _ = try await proxy.exchange("GET", "/api/")
            await upstream.closeConnections()
            // The loop has seen the end before it answers this.
            _ = try await proxy.exchange("GET", "/nowhere")
            #expect(try await proxy.exchange("POST", "/api/", body: "x").status == 200)
            #expect(upstream.requests.count == 2)
        }
    }
}
