// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import ProxyEngine

/// Answers to requests by HTTP/2 of which the client has not sent all.
@Suite(.serialized) struct EarlyStreamAnswerTests {
    @Test(arguments: [("POST", "/nowhere", 404), ("CONNECT", "nowhere.test:443", 403)])
    func `a client that goes on sending is not told to stop while it does`(
        _ method: String,
        _ target: String,
        _ status: Int
    ) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await HTTP2Client(to: proxy.port)
            let head =
                method == "CONNECT"
                ? [(":method", method), (":authority", target)] : TestFrame.request(method, target)
            try await client.send(.headers(head, endStream: false))
            #expect(try await client.response().status == status)
            // More than its window, of which half is given back whenever half is used up.
            let half = [TestFrame](repeating: .data([UInt8](repeating: 1, count: 16384), endStream: false), count: 2)
            for _ in 0..<5 {
                try await client.send(half)
                let next = try await client.frame {
                    $0.kind == .windowUpdate && $0.stream == 1 || $0.kind == .reset
                }
                try #require(next.kind == .windowUpdate)
            }
            try await client.send(.data([1]), .get("/api/", stream: 3))
            #expect(try await client.frame { $0.kind == .headers || $0.kind == .reset }.kind == .headers)
        }
    }
}
