// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPMessage
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct UnixSocketTests {
    private static func path() -> String { "/tmp/windbreak-test-\(UInt64.random(in: 0 ... .max)).sock" }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private func withSocket(_ path: String, _ test: (TestProxy, FaultyUpstream) async throws -> Void) async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy {
            $0.listen = [ListenerConfiguration(.unix(path: path))]
            $0.upstreams = [UpstreamConfiguration(name: "api", at: upstream)]
        } _: { proxy in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    @Test func `a request by a Unix socket is a request, and its file goes at the end`() async throws {
        let path = Self.path()
        try await self.withSocket(path) { proxy, upstream in
            #expect(proxy.engine.mainURLs == ["unix:\(path)"])
            let client = try await TestClient(toSocket: path)
            #expect(try await client.exchange("GET", "/api/").text == "hello")
            #expect(upstream.requests.last?.fields["x-forwarded-for"] == "unix")
        }
        #expect(!Self.exists(path))
    }

    @Test func `a file that nobody listens at is replaced`() async throws {
        let path = Self.path()
        try Self.leaveStaleSocket(path)
        #expect(Self.exists(path))
        try await self.withSocket(path) { _, _ in
            let client = try await TestClient(toSocket: path)
            #expect(try await client.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func `a socket that somebody listens at is left to him`() async throws {
        let path = Self.path()
        try await self.withSocket(path) { _, _ in
            await #expect(throws: EngineError.self) { try await self.withSocket(path) { _, _ in } }
            let client = try await TestClient(toSocket: path)
            #expect(try await client.exchange("GET", "/api/").status == 200)
        }
    }

    @Test func `a file that is no socket is left alone`() async throws {
        let path = Self.path()
        close(open(path, O_CREAT | O_WRONLY, 0o600))
        defer { unlink(path) }
        await #expect(throws: EngineError.self) { try await self.withSocket(path) { _, _ in } }
        #expect(Self.exists(path))
    }

    @Test func `what another process has put in its place stays`() async throws {
        let path = Self.path()
        defer { unlink(path) }
        try await self.withSocket(path) { _, _ in
            unlink(path)
            close(open(path, O_CREAT | O_WRONLY, 0o600))
        }
        #expect(Self.exists(path))
    }

    @Test func `a listener that a reload takes away takes its file along`() async throws {
        let path = Self.path()
        try await self.withSocket(path) { proxy, _ in
            try await proxy.reload {
                $0.listen = [ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 0))]
            }
            #expect(!Self.exists(path))
        }
    }

    /// What a process leaves that was killed.
    private static func leaveStaleSocket(_ path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0)
    }
}
