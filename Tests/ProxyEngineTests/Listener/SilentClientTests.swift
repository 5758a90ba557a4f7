// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// A client that has ended its side is no client that is gone.
@Suite(.serialized) struct SilentClientTests {
    @Test(arguments: [
        (HTTPVersion.http1_1, false, false, SilentClient.Step.ask), (.http1_1, false, true, .wait),
        (.http1_1, true, false, .giveUp),
        (.http1_1, true, true, .wait),
        (.http1_0, false, false, .wait), (.http1_0, false, true, .wait), (.http1_0, true, false, .giveUp),
        (.http1_0, true, true, .wait),
    ])
    func everyCaseHasAStep(_ version: HTTPVersion, _ hasBegun: Bool, _ hasSent: Bool, _ step: SilentClient.Step) {
        let exchange = SilentClient.Exchange(version: version, hasBegun: hasBegun)
        #expect(exchange.step(hasSent: hasSent) == step)
    }

    @Test(arguments: ["GET /api/", "GET /nowhere", "POST /api/"]) func isAnsweredAtOnce(_ line: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let body = line.hasPrefix("POST") ? "Content-Length: 2\r\n\r\nhi" : "\r\n"
            try await client.send("\(line) HTTP/1.1\r\nHost: x\r\n" + body)
            try await client.halfClose()
            let response = try await client.response()
            #expect(response.status == (line.hasSuffix("nowhere") ? 404 : 200) && response.isComplete)
            #expect(response.interim.isEmpty)
            #expect(try await client.end() == .finished)
        }
    }

    @Test func isAnsweredAfterALongTime() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "late").after(gate) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await client.halfClose()
            // So it shows that the client is there.
            #expect(try await client.head().status == 100)
            gate.open()
            #expect(try await client.response().text == "late")
            #expect(try await client.end() == .finished)
        }
    }

    @Test func isSentEverythingItAskedFor() async throws {
        let upstream = try await FaultyUpstream { _ in .large(8 << 20) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client(receiveBuffer: 64 << 10)
            let request = "GET /api/ HTTP/1.1\r\nHost: x\r\n"
            try await client.send(request + "\r\n" + request + "Connection: close\r\n\r\n")
            try await client.halfClose()
            for _ in 0..<2 {
                let response = try await client.response()
                #expect(response.body.readableBytes == 8 << 20 && response.isComplete)
            }
            #expect(try await client.end() == .finished)
        }
    }

    @Test(arguments: [
        "GET /api/ HTTP/1.1\r\nHost: x", "POST /api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab",
        "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    ])
    func isToldThatItsRequestIsNotWhole(_ part: String) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send(part)
            try await client.halfClose()
            #expect(try await client.response().status == 400)
            #expect(try await client.end() == .finished)
            #expect(upstream.requests.isEmpty)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }
}
