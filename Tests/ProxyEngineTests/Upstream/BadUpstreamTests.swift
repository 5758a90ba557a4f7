// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct BadUpstreamTests {
    private func expectBadGateway(
        _ response: TestResponse,
        _ error: String,
        _ kind: FailureKind,
        of proxy: TestProxy,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(response.status == 502, sourceLocation: sourceLocation)
        #expect(
            response.fields["proxy-status"]?.contains("error=\(error)") == true,
            "\(response.rawHead)",
            sourceLocation: sourceLocation
        )
        #expect(response.fields["content-type"] == "application/problem+json", sourceLocation: sourceLocation)
        #expect(response.fields["x-windbreak-circuit"] != nil, sourceLocation: sourceLocation)
        #expect(try proxy.upstream().circuit.status.lastFailure?.kind == kind, sourceLocation: sourceLocation)
    }

    @Test(
        arguments: [
            "garbage", "\0\u{1}\u{2}", "<html></html>\r\n\r\n", "HTTP/2.0 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n",
            "HTTP/1.1 999 x\r\n\r\n", "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
            "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n",
            "HTTP/1.1 200 OK\r\n: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nA: \(String(repeating: "a", count: 200_000))\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\(String(repeating: "A: b\r\n", count: 1000))\r\n",
            "220 smtp.example ESMTP\r\n", "ICY 200 OK\r\n\r\n",
        ]
    )
    func garbageIsABadGateway(_ garbage: String) async throws {
        let upstream = try await FaultyUpstream { _ in .raw(garbage).then(.stall) }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectBadGateway(response, "http_protocol_error", .protocol, of: proxy)
            _ = try await upstream.end(ofConnection: 0)
        }
    }

    @Test func aHeadThatIsCutOffIsIncomplete() async throws {
        let upstream = try await FaultyUpstream { _ in .raw("HTTP/1.1 200 OK\r\nA: b").then(.finish) }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectBadGateway(response, "http_response_incomplete", .reset, of: proxy)
        }
    }

    @Test(arguments: [Reply.finish, .reset])
    func noAnswerAtAllIsAReset(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream { _ in reply }
        try await withProxy(to: upstream) { proxy in
            for body in [nil, "x", String(repeating: "x", count: 300_000)] {
                let response = try await proxy.exchange("POST", "/api/", body: body)
                try self.expectBadGateway(response, "connection_terminated", .reset, of: proxy)
            }
        }
    }

    @Test func aConnectionThatIsClosedWhenItIsOpenIsAReset() async throws {
        let upstream = try await FaultyUpstream()
        upstream.greet(with: .reset)
        try await withProxy(to: upstream) { (proxy) async throws in
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
            upstream.greet(with: nil)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func aRefusedConnection() async throws {
        let upstream = try await FaultyUpstream(port: FreePort.any())
        try await upstream.refuseConnections()
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectBadGateway(response, "connection_refused", .connect, of: proxy)
            try await upstream.acceptConnections()
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func aNameThatDoesNotExist() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.url.host = "does-not-exist.invalid"
            $0.timeouts.connect = .seconds(30)
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            try self.expectBadGateway(response, "dns_error", .dns, of: proxy)
        }
    }

    /// What is cut off in the middle must never look whole.
    @Test(
        arguments: [
            Reply.respond(body: "0123456789"), .respond(body: "0123456789", as: .chunked),
            .raw("HTTP/1.1 200 OK\r\n\r\n").then(.send(ByteBuffer(string: "0123456789"))),
        ],
        [Reply.finish, .reset]
    )
    func anAnswerThatIsCutOffIsCutOffForTheClient(_ reply: Reply, _ end: Reply) async throws {
        let upstream = try await FaultyUpstream { _ in
            guard let step = end.steps.last else { return reply }
            // The proxy gets the beginning before the end.
            return Reply(reply.stopping(afterBody: 6, then: .pause(.milliseconds(50))).steps + [step])
        }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            let isWhole = reply.isUntilClose && end.isFinish
            #expect(response.status == 200)
            #expect(response.cut == (isWhole ? nil : .reset))
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == (isWhole ? nil : .reset))
        }
    }

    @Test func aChunkThatIsNoneCutsTheAnswerOff() async throws {
        let upstream = try await FaultyUpstream { _ in
            Reply.raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
                .then(.pause(.milliseconds(50))).then(.send(ByteBuffer(string: "nonsense\r\n"))).then(.stall)
        }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.cut == .reset)
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .protocol)
        }
    }
}

extension Reply {
    fileprivate var isUntilClose: Bool {
        guard case .send(let head)? = self.steps.first else { return false }
        let text = String(buffer: head)
        return !text.contains("Content-Length") && !text.contains("Transfer-Encoding")
    }

    fileprivate var isFinish: Bool {
        if case .finish? = self.steps.last { true } else { false }
    }
}
