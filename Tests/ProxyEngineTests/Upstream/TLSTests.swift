// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct TLSTests {
    private func withTLS(
        _ certificate: TestCertificate?,
        _ change: (inout UpstreamConfiguration) -> Void = { _ in },
        _ test: (TestProxy, FaultyUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FaultyUpstream(tls: certificate)
        try await withProxy(to: upstream) {
            $0.url.isTLS = true
            $0.url.host = "localhost"
            $0.tls.caFile = TestCertificate.authorityFile
            change(&$0)
        } _: { proxy in
            try await test(proxy, upstream)
        }
    }

    private func expectUntrusted(
        _ response: TestResponse,
        _ error: String,
        _ proxy: TestProxy,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(response.status == 502, sourceLocation: sourceLocation)
        #expect(
            response.fields["proxy-status"]?.contains("error=\(error)") == true,
            "\(response.rawHead)",
            sourceLocation: sourceLocation
        )
        #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .tls, sourceLocation: sourceLocation)
    }

    @Test func anAuthorityOfOnesOwnIsTrusted() async throws {
        try await self.withTLS(.localhost) { proxy, upstream in
            let client = try await proxy.client()
            let large = String(repeating: "0123456789", count: 30_000)
            #expect(try await client.exchange("GET", "/api/").text == "hello")
            #expect(try await client.exchange("POST", "/api/", body: large).text == "hello")
            #expect(upstream.requests.last?.bodyText == large)
            #expect(upstream.requests.last?.fields["host"] == "localhost:\(upstream.port)")
            #expect(upstream.record.value.accepted == 1)
        }
    }

    @Test func anAddressIsCheckedToo() async throws {
        try await self.withTLS(.localhost) {
            $0.url.host = "127.0.0.1"
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
        }
        try await self.withTLS(.otherHost) {
            $0.url.host = "127.0.0.1"
        } _: { proxy, upstream in
            try self.expectUntrusted(try await proxy.exchange("GET", "/api/"), "tls_certificate_error", proxy)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func aCertificateForAnotherHostIsRefused() async throws {
        try await self.withTLS(.otherHost) { proxy, upstream in
            try self.expectUntrusted(try await proxy.exchange("GET", "/api/"), "tls_certificate_error", proxy)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func anUnknownAuthorityIsRefused() async throws {
        try await self.withTLS(.untrusted) { proxy, upstream in
            try self.expectUntrusted(try await proxy.exchange("GET", "/api/"), "tls_certificate_error", proxy)
            #expect(upstream.requests.isEmpty)
        }
        // Nor does the system know the authority of the tests.
        try await self.withTLS(.localhost) {
            $0.tls.caFile = nil
        } _: { proxy, upstream in
            try self.expectUntrusted(try await proxy.exchange("GET", "/api/"), "tls_certificate_error", proxy)
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func aServerWithoutTLSIsRefused() async throws {
        let upstream = try await FaultyUpstream()
        upstream.greet(with: .raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
        try await withProxy(to: upstream) {
            $0.url.isTLS = true
        } _: { proxy in
            try self.expectUntrusted(try await proxy.exchange("GET", "/api/"), "tls_protocol_error", proxy)
        }
    }

    @Test func anAuthorityFileThatCannotBeReadStopsTheStart() async throws {
        await #expect(throws: EngineError.self) {
            try await self.withTLS(.localhost) {
                $0.tls.caFile = "/nonexistent/authority.pem"
            } _: { _, _ in
            }
        }
    }

    /// Without a `close_notify` the end of the connection is not the end of the answer.
    @Test func anAnswerThatEndsWithoutGoodbyeIsCutOff() async throws {
        let upstream = try await FaultyUpstream(tls: .localhost) { _ in
            .raw("HTTP/1.1 200 OK\r\n\r\nhalf").then(.pause(.milliseconds(50))).then(.reset)
        }
        try await withProxy(to: upstream) {
            $0.tls.caFile = TestCertificate.authorityFile
        } _: { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.cut == .reset)
            #expect(try proxy.upstream().circuit.status.lastFailure?.kind == .reset)
        }
    }
}
