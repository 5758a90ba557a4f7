// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// How clients are met before their first request.
@Suite(.serialized) struct ReceptionTests {
    private func withListener(
        _ change: (inout Configuration) throws -> Void,
        _ test: (TestProxy, FaultyUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy {
            $0.upstreams = [UpstreamConfiguration(name: "api", at: upstream)]
            try change(&$0)
        } _: { proxy in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    private static func trusted(_ networks: String...) -> TrustedPeers {
        var trusted = TrustedPeers()
        trusted.networks = networks.compactMap { IPNetwork($0) }
        return trusted
    }

    private func expectTurnedAway(
        _ port: Int,
        _ tls: TestClientTLS,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        await #expect(throws: WireEnded.self, sourceLocation: sourceLocation) {
            let client = try await TestClient(to: port, tls: tls)
            // A client learns in TLS 1.3 only afterwards that its certificate was not liked, and may have sent by then.
            try? await client.send("GET", "/api/")
            _ = try await client.response()
        }
    }

    // MARK: TLS

    @Test func `a request over TLS is a request`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS()
        } _: { proxy, upstream in
            #expect(proxy.engine.mainURLs == ["https://127.0.0.1:\(proxy.port)"])
            let client = try await TestClient(to: proxy.port, tls: TestClientTLS())
            let large = String(repeating: "0123456789", count: 30_000)
            #expect(try await client.exchange("GET", "/api/").text == "hello")
            #expect(try await client.exchange("POST", "/api/", body: large).text == "hello")
            #expect(upstream.requests.last?.bodyText == large)
            #expect(upstream.requests.last?.fields["x-forwarded-proto"] == "https")
            #expect(upstream.requests.last?.fields["x-forwarded-for"] == "127.0.0.1")
        }
    }

    @Test func `HTTP/2 is not spoken where it is switched off`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS()
            $0.listen[0].http2 = false
            var plain = ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 0))
            plain.http2 = false
            $0.listen.append(plain)
        } _: { proxy, _ in
            var tls = TestClientTLS()
            tls.protocols = ["h2", "http/1.1"]
            let client = try await TestClient(to: proxy.port, tls: tls)
            #expect(try await client.exchange("GET", "/api/").text == "hello")
            let other = try await TestClient(to: proxy.engine.mainAddresses[1].port ?? 0)
            try await other.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            #expect(try await other.response().status == 505)
        }
    }

    @Test func `new handshakes get the new certificate, and connections that stand go on`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS()
        } _: { proxy, _ in
            let old = try await TestClient(to: proxy.port, tls: TestClientTLS())
            #expect(try await old.exchange("GET", "/api/").status == 200)
            let port = proxy.port
            try await proxy.reload { $0.listen[0].tls = try TestCertificate.otherHost.serverTLS() }
            #expect(proxy.port == port)
            let new = try await TestClient(to: port, tls: TestClientTLS { $0.serverName = "other.example" })
            #expect(try await new.exchange("GET", "/api/").status == 200)
            #expect(try await old.exchange("GET", "/api/").status == 200)
            await self.expectTurnedAway(port, TestClientTLS())
        }
    }

    @Test func `TLS before 1.2 is not spoken, nor is HTTP where TLS is wanted`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS()
        } _: { proxy, upstream in
            await self.expectTurnedAway(proxy.port, TestClientTLS { $0.isOutdated = true })
            let plain = try await proxy.client()
            try await plain.send("GET", "/api/")
            _ = try await plain.end()
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func `a certificate of the client is required where it is wanted`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS(clients: .required)
        } _: { proxy, upstream in
            await self.expectTurnedAway(proxy.port, TestClientTLS())
            await self.expectTurnedAway(proxy.port, TestClientTLS { $0.certificate = .otherHost })
            #expect(upstream.requests.isEmpty)
            let client = try await TestClient(to: proxy.port, tls: TestClientTLS { $0.certificate = .client })
            #expect(try await client.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func `an optional certificate may be missing, but not be wrong`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS(clients: .optional)
        } _: { proxy, _ in
            for certificate in [nil, TestCertificate.client] {
                let client = try await TestClient(to: proxy.port, tls: TestClientTLS { $0.certificate = certificate })
                #expect(try await client.exchange("GET", "/api/").status == 200)
            }
            await self.expectTurnedAway(proxy.port, TestClientTLS { $0.certificate = .otherHost })
        }
    }

    @Test func `a handshake that does not come is not waited for`() async throws {
        try await self.withListener {
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS()
            $0.downstream.handshakeTimeout = .milliseconds(100)
        } _: { proxy, _ in
            let silent = try await proxy.client()
            _ = try await silent.end()
            let halting = try await proxy.client()
            try await halting.send(bytes: [0x16, 0x03, 0x01])
            _ = try await halting.end()
        }
    }

    // MARK: PROXY protocol

    @Test func `a trusted peer says whom it speaks for`() async throws {
        try await self.withListener {
            $0.listen[0].proxyProtocol = Self.trusted("127.0.0.0/8")
        } _: { proxy, upstream in
            let client = try await proxy.client()
            try await client.send(
                "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\nGET /api/ HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            #expect(try await client.response().status == 200)
            #expect(try await client.exchange("GET", "/api/").status == 200)
            #expect(upstream.requests.map { $0.fields["x-forwarded-for"] } == ["192.0.2.7", "192.0.2.7"])
        }
    }

    @Test func `whoever is announced has the share of an address, and not who announces`() async throws {
        try await self.withListener {
            $0.listen[0].proxyProtocol = Self.trusted("127.0.0.1")
            $0.downstream.maxConnectionsPerAddress = 2
        } _: { proxy, _ in
            func connect(for address: String) async throws -> TestClient {
                let client = try await proxy.client()
                try await client.send("PROXY TCP4 \(address) 198.51.100.1 1 2\r\nGET /api/ HTTP/1.1\r\nHost: a\r\n\r\n")
                return client
            }
            var clients: [TestClient] = []
            for address in ["192.0.2.7", "192.0.2.7", "192.0.2.8"] {
                let client = try await connect(for: address)
                #expect(try await client.response().status == 200)
                clients.append(client)
            }
            _ = try await connect(for: "192.0.2.7").end()
            for client in clients { await client.close() }
            try await eventually("there to be room again") {
                (try? await connect(for: "192.0.2.7").response().status) == 200
            }
        }
    }

    @Test func `a header may come in any pieces`() async throws {
        try await self.withListener {
            $0.listen[0].proxyProtocol = Self.trusted("127.0.0.1")
        } _: { proxy, upstream in
            let client = try await proxy.client()
            for byte in "PROXY TCP6 2001:db8::7 ::1 1 2\r\nGET /api/ HTTP/1.1\r\nHost: a\r\n\r\n".utf8 {
                try await client.send(bytes: [byte])
            }
            #expect(try await client.response().status == 200)
            #expect(upstream.requests.last?.fields["x-forwarded-for"] == "2001:db8::7")
        }
    }

    @Test func `a trusted peer without a header is turned away, and one that waits with it`() async throws {
        try await self.withListener {
            $0.listen[0].proxyProtocol = Self.trusted("127.0.0.1")
            $0.downstream.handshakeTimeout = .milliseconds(100)
        } _: { proxy, upstream in
            for text in ["GET /api/ HTTP/1.1\r\nHost: a\r\n\r\n", "PROXY TCP4 192.0.2.7", ""] {
                let client = try await proxy.client()
                try await client.send(text)
                _ = try await client.end()
            }
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func `whoever is not trusted cannot say where he comes from`() async throws {
        try await self.withListener {
            $0.listen[0].proxyProtocol = Self.trusted("10.0.0.0/8")
        } _: { proxy, upstream in
            let liar = try await proxy.client()
            try await liar.send("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\r\nGET /api/ HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await liar.end()
            #expect(upstream.requests.isEmpty)
            #expect(try await proxy.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func `TLS comes behind the header`() async throws {
        try await self.withListener {
            $0.listen[0].proxyProtocol = Self.trusted("127.0.0.1")
            $0.listen[0].tls = try TestCertificate.localhost.serverTLS()
        } _: { proxy, upstream in
            let header = "PROXY TCP4 192.0.2.7 198.51.100.1 56324 443\r\n"
            let client = try await TestClient(to: proxy.port, tls: TestClientTLS { $0.preface = header })
            #expect(try await client.exchange("GET", "/api/").status == 200)
            #expect(upstream.requests.last?.fields["x-forwarded-for"] == "192.0.2.7")
            #expect(upstream.requests.last?.fields["x-forwarded-proto"] == "https")
        }
    }
}
