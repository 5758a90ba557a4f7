// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// What is answered on the stack of the bytes that asked for it, and what has to wait, on one connection.
@Suite(.serialized) struct AnswerAtOnceTests {
    private static func request(_ target: String) -> String { "GET \(target) HTTP/1.1\r\nHost: x\r\n\r\n" }

    @Test func hitsAndMissesInTurnsKeepTheirOrder() async throws {
        try await withOriginCache(threads: 1) {
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } reply: { request, _ in
            .respond(body: request.target)
        } _: { (proxy, upstream) async throws in
            _ = try await proxy.exchange("GET", "/api/hit")
            let targets = ["/hit", "/1", "/hit", "/hit", "/2", "/hit"]
            let client = try await proxy.client()
            // The last comes in two pieces, of which the first lies behind hits.
            try await client.send(targets.map { Self.request("/api" + $0) }.joined() + "GET /api/h")
            for target in targets { #expect(try await client.response().text == target) }
            try await client.send("it HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await client.response().text == "/hit")
            #expect(upstream.requests.map(\.target) == ["/hit", "/1", "/2"])
        }
    }

    @Test func aHitEndsTheConnectionWhereTheClientAsksForIt() async throws {
        try await withOriginCache(threads: 1) {
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } reply: { _, _ in
            .respond(body: "hello")
        } _: { (proxy, _) async throws in
            _ = try await proxy.exchange("GET", "/api/")
            let client = try await proxy.client()
            #expect(try await client.exchange("GET", "/api/").fields["connection"] == nil)
            #expect(try await client.exchange("GET", "/api/", ["Connection": "close"]).fields["connection"] == "close")
            #expect(try await client.end() == .finished)
        }
    }

    /// Answers that nobody takes must not pile up, however many are asked for at once.
    @Test func aClientThatTakesNothingIsAnsweredNoFurther() async throws {
        let body = String(repeating: "a", count: 16 << 10)
        let count = 2000
        try await withOriginCache(threads: 1) {
            $0.cache = CachePolicy(ttl: .seconds(3600))
        } reply: { _, _ in
            .respond(body: body)
        } _: { (proxy, _) async throws in
            _ = try await proxy.exchange("GET", "/api/")
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            // Of 64 octets, so that reads of any usual size hold whole requests only, and no task takes over.
            let request = "GET /api/ HTTP/1.1\r\nHost: x\r\nPad: \(String(repeating: "-", count: 26))\r\n\r\n"
            #expect(request.utf8.count == 64)
            try await client.send(String(repeating: request, count: count))
            for _ in 0..<20 { #expect(try await client.response().text == body) }
            // Meanwhile the loop has had its turns for all that was asked for.
            let other = try await proxy.client()
            for _ in 0..<200 { #expect(try await other.exchange("GET", "/api/").status == 200) }
            let answered = try proxy.upstream().metrics.requests.samples.reduce(0) { $0 + Int($1.count) }
            #expect(answered < 200 + count / 2)
            for _ in 20..<count { #expect(try await client.response().body.readableBytes == body.utf8.count) }
        }
    }
}
