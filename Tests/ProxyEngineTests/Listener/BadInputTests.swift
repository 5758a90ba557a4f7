// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct BadInputTests {
    private static let request =
        "POST /api/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"

    @Test(
        arguments: [
            "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}\u{FC}\u{3}\u{3}", "\0\0\0\0", "SSH-2.0-x\r\n",
            "GET /api/\n\n", "GET /api/ HTTP/1.1\nHost: x\n\n", "GET /api/ HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
            "POST /api/ HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloworld\r\n0\r\n\r\n",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx",
            "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n",
        ]
    )
    func garbageIsRefusedAndReachesNobody(_ garbage: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            // Whatever follows garbage is garbage too.
            try await client.send(garbage + "GET /api/smuggled HTTP/1.1\r\nHost: x\r\n\r\n")
            let response = try await client.response()
            #expect([400, 414, 505].contains(response.status))
            #expect(try await client.end() == .finished)
            #expect(upstream.requests.isEmpty)
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func whatCameBeforeTheGarbageIsAnswered() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let request = "GET /api/ HTTP/1.1\r\nHost: x\r\n\r\n"
            try await client.send(request + request + "\u{1}\u{2}" + request)
            #expect(try await client.response().text == "hello")
            #expect(try await client.response().text == "hello")
            #expect(try await client.response().status == 400)
            #expect(try await client.end() == .finished)
            #expect(upstream.requests.count == 2)
        }
    }

    @Test(arguments: [true, false]) func aClientMayLeaveAtEveryOctet(_ byReset: Bool) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream, threads: 2) { proxy in
            let bytes = Array(Self.request.utf8)
            for count in 0...bytes.count {
                let client = try await proxy.client()
                try await client.send(bytes: Array(bytes.prefix(count)))
                if byReset { await client.abort() } else { await client.close() }
            }
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            #expect(upstream.requests.allSatisfy { $0.method == "GET" || $0.bodyText == "hello" })
            try await eventually("every permit to come back") { try proxy.upstream().circuit.status.inFlight == 0 }
            // An exchange ends a moment after its attempt.
            try await eventually("every exchange to end") { try proxy.upstream().metrics.inFlight == 0 }
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func randomBytesDisturbNobody() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            var random = SeededGenerator(seed: 77)
            for round in 0..<100 {
                var bytes = Array(Self.request.utf8)
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    bytes[.random(in: bytes.indices, using: &random)] = .random(in: .min ... .max, using: &random)
                }
                let client = try await proxy.client()
                try await client.send(bytes: bytes)
                try await client.halfClose()
                // Answered or closed, but never left hanging.
                _ = try await client.end()
                if round % 20 == 0 { #expect(try await proxy.exchange("GET", "/api/").text == "hello") }
            }
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }
}
