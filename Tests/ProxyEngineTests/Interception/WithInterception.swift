// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import LocalAuthority
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// The files of an authority, in a directory of their own.
private struct TemporaryAuthority {
    let directory: URL
    let certificate: String

    init(for hosts: [String], now: Int) throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "windbreak-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        let authority = try NewAuthority(for: hosts, now: now)
        self.certificate = authority.certificatePEM
        try Data(authority.certificatePEM.utf8).write(to: URL(filePath: self.files.certificateFile))
        try Data(authority.keyPEM.utf8).write(to: URL(filePath: self.files.keyFile))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: self.files.keyFile)
    }

    var files: AuthorityFiles {
        var files = AuthorityFiles()
        files.certificateFile = self.directory.appending(path: "ca.pem").path()
        files.keyFile = self.directory.appending(path: "ca.key.pem").path()
        return files
    }
}

/// A proxy that opens the tunnels to `api.example`, whose circuit opens at the second failure.
func withInterception(
    hosts: [String] = ["api.example"],
    now: Int = Int(Date.now.timeIntervalSince1970),
    answering reply: Reply = .respond(body: "hello"),
    _ change: (inout Configuration) -> Void = { _ in },
    _ test: (TestProxy, FaultyUpstream, TestClientTLS) async throws -> Void
) async throws {
    let authority = try TemporaryAuthority(for: hosts, now: now)
    defer { try? FileManager.default.removeItem(at: authority.directory) }
    let upstream = try await FaultyUpstream { _ in reply }
    try await withProxy { configuration in
        var api = UpstreamConfiguration(name: "api", at: upstream)
        api.hosts = ["api.example"]
        api.breaker.failMax = 2
        configuration.upstreams = [api]
        configuration.forward.intercept = ["api"]
        configuration.forward.authority = authority.files
        change(&configuration)
    } _: { (proxy) async throws in
        let tls = TestClientTLS {
            $0.serverName = "api.example"
            $0.authority = authority.certificate
        }
        try await test(proxy, upstream, tls)
    }
    await upstream.stop()
}

/// What a client asks for a tunnel by.
enum TunnelRequest: CaseIterable {
    case http1, http2

    /// A tunnel in which nothing was said.
    func open(
        through proxy: TestProxy,
        to authority: String = "api.example:443",
        _ fields: [(String, String)] = [],
        _ onGateway: (StreamGateway) -> Void = { _ in }
    ) async throws -> TestClient {
        switch self {
        case .http1:
            let client = try await proxy.client()
            let lines = fields.map { "\($0): \($1)\r\n" }.joined()
            try await client.send("CONNECT \(authority) HTTP/1.1\r\nHost: \(authority)\r\n\(lines)\r\n")
            let head = try await client.head()
            #expect(head.status == 200)
            #expect(!head.fields.contains("content-length") && !head.fields.contains("transfer-encoding"))
            return client
        case .http2:
            let gateway = try await StreamGateway(to: proxy.port, authority, fields)
            onGateway(gateway)
            return try await gateway.client()
        }
    }

    /// A tunnel in which the client speaks TLS.
    func client(
        of proxy: TestProxy,
        _ tls: TestClientTLS,
        to authority: String = "api.example:443",
        _ fields: [(String, String)] = [],
        _ onGateway: (StreamGateway) -> Void = { _ in }
    ) async throws -> TestClient {
        let client = try await self.open(through: proxy, to: authority, fields, onGateway)
        try await client.secure(tls)
        return client
    }
}
