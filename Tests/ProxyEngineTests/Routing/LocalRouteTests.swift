// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct LocalRouteTests {
    /// Tells what it was asked.
    private struct Echo: LocalHandler {
        let maxBody = 10
        func respond(to request: LocalRequest) async -> LocalResponse {
            let query = request.query ?? "-"
            let text = "\(request.head.method.rawValue) \(request.path) \(query) \(String(buffer: request.body))"
            return LocalResponse(200, fields: ["X-Echo": "yes"], body: ByteBuffer(string: text))
        }
    }

    /// Has no answer while anybody waits for it: nothing but its cancellation ends it.
    private struct Patient: LocalHandler {
        let maxBody = 0
        let hasBegun = Gate()
        func respond(to request: LocalRequest) async -> LocalResponse {
            self.hasBegun.open()
            try? await Task.sleep(for: .seconds(60))
            return LocalResponse(502)
        }
    }

    private func withEcho(_ test: (TestProxy, FaultyUpstream) async throws -> Void) async throws {
        let upstream = try await FaultyUpstream()
        let routes = [
            LocalRoute(path: "/-/echo", methods: [.get, .post], handler: Echo()),
            LocalRoute(path: "/-/tree", methods: [], isPrefix: true, handler: Echo()),
        ]
        try await withProxy(to: upstream, local: routes) {
            $0.path = "/"
        } _: { proxy in
            try await test(proxy, upstream)
        }
    }

    @Test func theProxyAnswersItself() async throws {
        try await self.withEcho { proxy, upstream in
            let response = try await proxy.exchange("POST", "/-/echo?a=b", body: "hello")
            #expect(response.text == "POST /-/echo a=b hello")
            #expect(response.fields["x-echo"] == "yes")
            #expect(try await proxy.exchange("DELETE", "/-/tree/x/y").text == "DELETE /-/tree/x/y - ")
            #expect(upstream.requests.isEmpty)
            #expect(try await proxy.exchange("GET", "/-/echo/below").text == "hello")
            #expect(upstream.requests.count == 1)
        }
    }

    @Test func headIsAnsweredLikeGetWithoutContent() async throws {
        try await self.withEcho { proxy, _ in
            let client = try await proxy.client()
            let response = try await client.exchange("HEAD", "/-/echo")
            #expect(response.status == 200)
            #expect(response.fields["content-length"] == "\("HEAD /-/echo - ".utf8.count)")
            #expect(try await client.exchange("GET", "/-/echo").text == "GET /-/echo - ")
        }
    }

    @Test func anotherMethodIsToldWhatIsAllowed() async throws {
        try await self.withEcho { proxy, _ in
            let response = try await proxy.exchange("DELETE", "/-/echo")
            #expect(response.status == 405)
            #expect(response.fields["allow"] == "GET, HEAD, POST")
        }
    }

    @Test func whatItsClientGaveUpIsNoFailure() async throws {
        let patient = Patient()
        try await withProxy(local: [LocalRoute(path: "/-/patient", methods: [.get], handler: patient)]) { _ in
        } _: { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/-/patient")
            try await patient.hasBegun.pass()
            await client.abort()
            let requests = proxy.engine.metrics.requests
            try await eventually("the end of the exchange") { !requests.samples.isEmpty }
            #expect(requests.samples.map { [$0.outcome, $0.statusClass] } == [["cancelled", "4xx"]])
        }
    }

    @Test func contentBeyondTheLimitIsRefused() async throws {
        try await self.withEcho { proxy, _ in
            #expect(try await proxy.exchange("POST", "/-/echo", body: "0123456789").status == 200)
            #expect(try await proxy.exchange("POST", "/-/echo", body: "0123456789X").status == 413)
            let chunked = "B\r\n0123456789X\r\n0\r\n\r\n"
            let response = try await proxy.exchange("POST", "/-/echo", ["Transfer-Encoding": "chunked"], body: chunked)
            #expect(response.status == 413)
        }
    }
}
