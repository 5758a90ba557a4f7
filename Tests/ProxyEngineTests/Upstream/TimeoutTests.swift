// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct TimeoutTests {
    private func expectTimeout(
        _ response: TestResponse,
        _ error: String,
        reason: String,
        of proxy: TestProxy,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(response.status == 504, sourceLocation: sourceLocation)
        #expect(
            response.fields["proxy-status"]?.contains("error=\(error)") == true,
            "\(response.rawHead)",
            sourceLocation: sourceLocation
        )
        #expect(response.fields["cache-status"] == "windbreak; fwd=bypass", sourceLocation: sourceLocation)
        let problem = try JSON(parsing: response.body.readableBytesView)
        #expect(problem["reason"] == .string(reason), sourceLocation: sourceLocation)
        #expect(problem["upstream"] == .string("api"), sourceLocation: sourceLocation)
        #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .timeout, sourceLocation: sourceLocation)
    }

    @Test func connecting() async throws {
        let unreachable = try await UnreachableListener()
        try await withProxy { configuration in
            let url = UpstreamURL(isTLS: false, host: "127.0.0.1", port: unreachable.port, basePath: "")
            var api = UpstreamConfiguration(name: "api", url: url)
            api.timeouts.connect = .milliseconds(100)
            configuration.upstreams = [api]
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectTimeout(response, "connection_timeout", reason: "connect-timeout", of: proxy)
        }
        await unreachable.stop()
    }

    @Test func theTLSHandshake() async throws {
        let upstream = try await FaultyUpstream()
        upstream.greet(with: .stall)
        try await withProxy(to: upstream) {
            $0.url.isTLS = true
            $0.timeouts.connect = .milliseconds(100)
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectTimeout(response, "connection_timeout", reason: "connect-timeout", of: proxy)
            _ = try await upstream.end(ofConnection: 0)
        }
    }

    @Test(arguments: [
        Reply.stall, .raw("HTTP/1.1 200 OK\r\nA: b").then(.stall), .raw("HTTP/1.1 103\r\n\r\n").then(.stall),
    ])
    func theFirstByte(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream { _ in reply }
        try await withProxy(to: upstream) {
            $0.timeouts.firstByte = .milliseconds(100)
        } _: { proxy in
            for (method, body) in [("GET", nil), ("POST", "x"), ("POST", String(repeating: "x", count: 200_000))] {
                let response = try await proxy.exchange(method, "/api/", body: body)
                try self.expectTimeout(response, "http_response_timeout", reason: "first-byte-timeout", of: proxy)
            }
            // What comes late is nobody's answer.
            for number in 0..<3 { _ = try await upstream.end(ofConnection: number) }
        }
    }

    @Test(arguments: [Reply.respond(body: "0123456789"), .respond(body: "0123456789", as: .chunked)])
    func betweenTwoPiecesOfTheAnswer(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream { _ in reply.stopping(afterBody: 5, then: .stall) }
        try await withProxy(to: upstream) {
            $0.timeouts.idle = .milliseconds(100)
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 200)
            #expect(response.cut == .reset)
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .timeout)
            _ = try await upstream.end(ofConnection: 0)
        }
    }

    @Test func anAnswerThatKeepsComingIsNotIdle() async throws {
        let upstream = try await FaultyUpstream { _ in
            .respond(body: "0123456789").dripping(2, every: .milliseconds(20))
        }
        try await withProxy(to: upstream) {
            $0.timeouts.idle = .seconds(5)
            $0.timeouts.firstByte = .seconds(10)
        } _: { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "0123456789")
        }
    }

    @Test func betweenTwoPiecesOfTheRequestThatTheUpstreamTakes() async throws {
        let upstream = try await FaultyUpstream(answering: .afterHead) { _ in .stall }
        try await withProxy(to: upstream) {
            $0.timeouts.idle = .milliseconds(200)
        } _: { proxy in
            let client = try await proxy.client()
            let sending = Task {
                try? await client.send("POST", "/api/", body: String(repeating: "x", count: 32 << 20))
            }
            let response = try await client.response()
            try self.expectTimeout(response, "connection_read_timeout", reason: "idle-timeout", of: proxy)
            await client.close()
            _ = await sending.value
        }
    }

    @Test func theWholeExchangeBeforeAnAnswer() async throws {
        let upstream = try await FaultyUpstream { _ in .stall }
        try await withProxy(to: upstream) {
            $0.timeouts.total = .milliseconds(100)
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectTimeout(response, "http_response_timeout", reason: "total-timeout", of: proxy)
        }
    }

    @Test func theWholeExchangeWithinAnAnswer() async throws {
        let body = Reply.raw(String(repeating: "x", count: 10_000)).dripping(1, every: .milliseconds(10))
        let upstream = try await FaultyUpstream { _ in
            body.preceded(by: .raw("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n"))
        }
        try await withProxy(to: upstream) {
            $0.timeouts.total = .milliseconds(800)
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.cut == .reset)
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .timeout)
        }
    }

    @Test func aRouteHasItsOwnTimes() async throws {
        let upstream = try await FaultyUpstream { _ in .stall }
        try await withProxy(to: upstream) {
            var timeouts = Timeouts()
            timeouts.firstByte = .milliseconds(50)
            $0.routes = [RouteRule(path: "/fast*", timeouts: timeouts)]
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/fast/x?y")
            try self.expectTimeout(response, "http_response_timeout", reason: "first-byte-timeout", of: proxy)
        }
    }
}
