// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct LimitsTests {
    private func withLimits(
        _ change: (inout DownstreamConfiguration) -> Void = { _ in },
        _ test: (TestProxy, FaultyUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy { configuration in
            configuration.downstream.maxTarget = 200
            configuration.downstream.maxHeaderSize = 1000
            configuration.downstream.maxHeaderCount = 20
            change(&configuration.downstream)
            var api = UpstreamConfiguration(name: "api", at: upstream)
            api.maxBody = 100
            configuration.upstreams = [api]
        } _: { proxy in
            try await test(proxy, upstream)
            #expect(try await proxy.exchange("GET", "/api/after").text == "hello")
        }
        await upstream.stop()
    }

    @Test(
        arguments: [
            ("GET /\(String(repeating: "a", count: 300)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
            ("GET /\(String(repeating: "a", count: 100_000))", 414),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 1500))\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\nA: \(String(repeating: "a", count: 100_000))", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 30))\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\n\(String(repeating: "A: b\r\n", count: 100_000))\r\n", 431),
            ("GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n", 413),
            ("POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ]
    )
    func whatIsTooMuchIsRefusedAndTheConnectionClosed(_ text: String, _ status: Int) async throws {
        try await self.withLimits { proxy, upstream in
            let client = try await proxy.client()
            try await client.send(text)
            let response = try await client.response()
            #expect(response.status == status)
            #expect(response.fields["content-type"] == "application/problem+json")
            #expect(response.fields["proxy-status"]?.contains("error=http_request_") == true)
            #expect(response.fields["connection"] == "close")
            #expect(try await client.end() == .finished)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func aLittleTooMuchIsReadAndTheConnectionKept() async throws {
        try await self.withLimits { proxy, upstream in
            let client = try await proxy.client()
            #expect(try await client.exchange("POST", "/api/", body: String(repeating: "x", count: 101)).status == 413)
            #expect(try await client.exchange("POST", "/api/", body: "x").status == 200)
            #expect(upstream.requests.map(\.bodyText) == ["x"])
        }
    }

    @Test func contentOfUnknownLengthIsCutWhereItBecomesTooMuch() async throws {
        try await self.withLimits { proxy, upstream in
            let client = try await proxy.client()
            let chunk = "32\r\n\(String(repeating: "x", count: 50))\r\n"
            try await client.send("POST", "/api/", ["Transfer-Encoding": "chunked"])
            try await client.send(chunk + chunk)
            try await client.send("1\r\nx\r\n")
            #expect(try await client.response().status == 413)
            #expect(try await client.end() == .finished)
            #expect(upstream.requests.isEmpty)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func contentUpToTheLimitIsTaken() async throws {
        try await self.withLimits { proxy, upstream in
            let body = String(repeating: "x", count: 100)
            #expect(try await proxy.exchange("POST", "/api/", body: body).status == 200)
            let chunked = "64\r\n\(body)\r\n0\r\n\r\n"
            let response = try await proxy.exchange("POST", "/api/", ["Transfer-Encoding": "chunked"], body: chunked)
            #expect(response.status == 200)
            #expect(upstream.requests.map(\.bodyText) == [body, body])
        }
    }

    @Test func aHeadThatDoesNotEndIsGivenUp() async throws {
        try await self.withLimits {
            $0.headerTimeout = .milliseconds(200)
        } _: { proxy, _ in
            let client = try await proxy.client()
            try await client.send("GET / HTTP/1.1\r\nHost:")
            #expect(try await client.response().status == 408)
            #expect(try await client.end() == .finished)
        }
    }

    @Test func aHeadThatDripsIsGivenUp() async throws {
        try await self.withLimits {
            $0.headerTimeout = .milliseconds(200)
            $0.maxHeaderSize = 16 << 20
        } _: { proxy, _ in
            let client = try await proxy.client()
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\nA: ")
            let dripping = Task {
                while !Task.isCancelled {
                    try await client.send("A")
                    // So that each of them comes by itself.
                    _ = try await proxy.exchange("GET", "/nowhere")
                }
            }
            #expect(try await client.response().status == 408)
            dripping.cancel()
            _ = await dripping.result
            await client.close()
        }
    }

    @Test func contentThatStopsIsGivenUp() async throws {
        try await self.withLimits {
            $0.idle = .milliseconds(200)
        } _: { proxy, upstream in
            let client = try await proxy.client()
            try await client.send("POST", "/api/", ["Content-Length": "50"])
            try await client.send("half")
            #expect(try await client.response().status == 408)
            #expect(upstream.requests.isEmpty)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test(arguments: ["", "GET /api/ HTTP/1.1\r\nHost: x\r\n\r\n"])
    func aSilentConnectionIsClosed(_ first: String) async throws {
        try await self.withLimits {
            $0.headerTimeout = .milliseconds(500)
            $0.keepAlive = .milliseconds(200)
        } _: { proxy, _ in
            let client = try await proxy.client()
            if !first.isEmpty {
                try await client.send(first)
                #expect(try await client.response().status == 200)
            }
            // Nothing was asked, so nothing is answered.
            await #expect(throws: WireEnded.self) { try await client.head() }
        }
    }

    @Test func aReaderThatStopsIsGivenUp() async throws {
        let upstream = try await FaultyUpstream { _ in .large(64 << 20) }
        try await withProxy { configuration in
            configuration.downstream.idle = .milliseconds(300)
            configuration.upstreams = [UpstreamConfiguration(name: "api", at: upstream)]
        } _: { proxy in
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            try await client.send("GET", "/api/")
            _ = try await client.head()
            _ = try await upstream.end(ofConnection: 0)
            #expect(try await client.end() == .reset)
            // Its client is to blame.
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
        await upstream.stop()
    }
}
