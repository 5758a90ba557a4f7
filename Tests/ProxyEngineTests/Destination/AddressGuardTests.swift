// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Over real sockets. Numbers that only the system's resolver takes for addresses stand for names: they lead to loopback.
@Suite(.serialized) struct AddressGuardTests {
    private static func withProxy(
        to host: String,
        _ change: @escaping (inout Configuration) -> Void = { _ in },
        _ test: (TestProxy, FaultyUpstream) async throws -> Void
    ) async throws {
        let upstream = try await FaultyUpstream()
        try await TestSupport.withProxy { configuration in
            let url = UpstreamURL(isTLS: false, host: host, port: upstream.port, basePath: "")
            configuration.upstreams = [UpstreamConfiguration(name: "api", url: url)]
            configuration.forward.ports = [upstream.port]
            change(&configuration)
        } _: { (proxy) async throws in
            try await test(proxy, upstream)
        }
        await upstream.stop()
    }

    @Test(arguments: ["2130706433", "0x7f.1", "017700000001", "127.1"])
    func aNameThatLeadsToLoopbackIsRefused(_ host: String) async throws {
        try await Self.withProxy(to: host) { proxy, upstream in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 502)
            #expect(response.fields["proxy-status"]?.contains("error=destination_ip_prohibited") == true)
            #expect(response.text.contains("private: true") && !response.text.contains("127.0.0.1"))
            #expect(upstream.record.value.accepted == 0)
            #expect(try proxy.upstream().circuit.status.failCount == 1)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost"]) func aURLWithSuchAnAddressIsMeantSo(_ host: String) async throws {
        try await Self.withProxy(to: host) { proxy, _ in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.text == "hello")
        }
    }

    @Test func privateAllowsIt() async throws {
        try await Self.withProxy(to: "2130706433") {
            $0.upstreams[0].isPrivate = true
        } _: { proxy, _ in
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            // And not for longer than the file says so: what is connected already is of no use then.
            try await proxy.reload { $0.upstreams[0].isPrivate = false }
            #expect(try await proxy.exchange("GET", "/api/").status == 502)
        }
    }

    @Test func anUpstreamThatIsThisProxyIsALoop() async throws {
        try await Self.withProxy(to: "127.0.0.1") { proxy, _ in
            try await proxy.reload { $0.upstreams[0].url.port = proxy.port }
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 508)
            #expect(response.fields["proxy-status"]?.contains("error=proxy_loop_detected") == true)
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"])
    func aTunnelToAHostOfTheClientsChoiceStaysOnTheInternet(_ host: String) async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
        } _: { proxy, upstream in
            let response = try await proxy.exchange("CONNECT", "\(host):\(upstream.port)")
            #expect(response.status == 403)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test func aTunnelToAnotherPortIsRefused() async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
        } _: { proxy, _ in
            let undeclared = try await proxy.exchange("CONNECT", "example.com:25")
            #expect(undeclared.status == 403)
            // Nor does it help with a port of a declared host.
            let declared = try await proxy.exchange("CONNECT", "api.example:25")
            #expect(declared.status == 403)
        }
    }
}
