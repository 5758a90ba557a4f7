// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
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

    /// Loopback, where a listener would answer.
    private static let loopback = [
        "127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "2130706433", "017700000001",
        "0x7f000001",
        "0X7F.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.0x0.0x0.0x1", "127.0x0.01", "0.0.0.0", "0", "0x0", "[::]",
        "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::FFFF:7F00:1]", "[0:0:0:0:0:ffff:7f00:0001]",
    ]

    /// What only this machine, its network or its cloud has.
    private static let inside = [
        "0.1.2.3", "10.0.0.1", "167772161", "0xa.1", "012.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1",
        "3232235521", "192.168.1", "169.254.169.254", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376",
        "169.254.43518",
        "100.64.0.1", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250",
        "240.0.0.1", "255.255.255.255", "4294967295",
        // Through IPv6.
        "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[::7f00:1]", "[::ffff:0:127.0.0.1]",
        "[64:ff9b::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]", "[2002:a00:1::1]", "[2001:0:7f00:1::1]", "[fe80::5efe:7f00:1]", "[fc00::1]", "[fd00::1]",
        "[fd00:ec2::254]", "[fe80::1]", "[fe80::a9fe:a9fe]", "[febf::1]", "[fec0::1]", "[ff02::1]", "[ff0e::1]",
        "[2001:db8::1]", "[100::1]", "[::2]",
    ]

    @Test func aTunnelToAHostOfTheClientsChoiceStaysOnTheInternet() async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
        } _: { proxy, upstream in
            for host in Self.loopback + Self.inside {
                let response = try await proxy.exchange("CONNECT", "\(host):\(upstream.port)")
                #expect(response.status == 403, "\(host)")
                #expect(response.text.contains("not on the internet"), "\(host)")
            }
            #expect(upstream.record.value.accepted == 0)
        }
    }

    /// What some would read as an address, and what is none here.
    @Test(arguments: [
        "[fe80::1%25lo]", "[fe80::1%lo]", "[127.0.0.1", "[::1", "::1",
        "127.0.0.1@8.8.8.8",
        "[::ffff:127.0.0.1]@8.8.8.8", "8.8.8.8@127.0.0.1", "127.0.0.1,8.8.8.8",
        "\u{2460}\u{2461}\u{2466}.\u{24EA}.\u{24EA}.\u{2460}",
        "127.0.0.1/", "127.0.0.1\\", "127.0.0.1#", "127.0.0.1?x=8.8.8.8", "",
    ])
    func whatIsNoHostIsNoTunnel(_ host: String) async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
        } _: { proxy, upstream in
            let response = try await proxy.exchange("CONNECT", "\(host):\(upstream.port)")
            #expect(response.status == 400)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    /// The system is asked for just this name, which nobody has.
    @Test(arguments: ["127.0.0.%31", "%6cocalhost", "%31%32%37.1"]) func whatIsEncodedStaysSo(
        _ host: String
    ) async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
        } _: { proxy, upstream in
            let response = try await proxy.exchange("CONNECT", "\(host):\(upstream.port)")
            #expect(response.status == 502)
            #expect(upstream.record.value.accepted == 0)
        }
    }

    /// Only tunnels lead to hosts that are not declared.
    @Test func aURLOfTheClientsChoiceLeadsNowhere() async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
        } _: { proxy, upstream in
            for host in Self.loopback + Self.inside {
                for scheme in ["http", "https", "HTTP"] {
                    let response = try await proxy.exchange("GET", "\(scheme)://\(host):\(upstream.port)/")
                    #expect(response.status == 403, "\(host)")
                }
                // Nor does a Host beside a path, or beside a URL that is declared.
                let beside = try await proxy.exchange("GET", "/", ["Host": "\(host):\(upstream.port)"])
                #expect(beside.status == 404, "\(host)")
            }
            #expect(upstream.record.value.accepted == 0)
        }
    }

    /// A declared name is no way in either, whichever way it is asked for.
    @Test(arguments: ["2130706433", "0x7f.1", "017700000001", "127.1", "0"])
    func aDeclaredNameThatLeadsToLoopbackIsRefusedHoweverItIsAskedFor(_ host: String) async throws {
        try await Self.withProxy(to: host) {
            $0.upstreams[0].hosts = ["api.example"]
        } _: { proxy, upstream in
            for (method, target) in [("GET", "http://api.example/"), ("CONNECT", "api.example:443")] {
                let response = try await proxy.exchange(method, target)
                #expect(response.status == 502, "\(target)")
                #expect(response.fields["proxy-status"]?.contains("error=destination_ip_prohibited") == true)
            }
            #expect(upstream.record.value.accepted == 0)
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "0"])
    func aTunnelToAnOwnListenerIsALoop(_ host: String) async throws {
        try await Self.withProxy(to: "api.example") {
            $0.forward.undeclared = .allow
            $0.admin = ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 0))
        } _: { proxy, _ in
            for port in [proxy.port, proxy.engine.adminAddress?.port ?? 0] {
                try await proxy.reload { $0.forward.ports = [port] }
                let response = try await proxy.exchange("CONNECT", "\(host):\(port)")
                #expect(response.status == 508)
                #expect(response.fields["proxy-status"]?.contains("error=proxy_loop_detected") == true)
            }
        }
    }

    @Test func aDeclaredHostThatIsAnOwnListenerIsALoopForTunnelsToo() async throws {
        try await Self.withProxy(to: "127.0.0.1") {
            $0.upstreams[0].hosts = ["api.example"]
        } _: { proxy, _ in
            try await proxy.reload { $0.upstreams[0].url.port = proxy.port }
            for (method, target) in [("GET", "http://api.example/"), ("CONNECT", "api.example:443")] {
                #expect(try await proxy.exchange(method, target).status == 508, "\(target)")
            }
            #expect(try proxy.upstream().circuit.status.failCount == 0)
        }
    }

    @Test func whatHasBeenHereIsALoopHoweverItComesBack() async throws {
        try await Self.withProxy(to: "127.0.0.1") {
            $0.upstreams[0].hosts = ["api.example"]
        } _: { proxy, upstream in
            let via: HeaderFields = ["Via": "1.1 other, 1.1 \(RequestID.pseudonym)"]
            for (method, target) in [
                ("GET", "/api/"), ("GET", "http://api.example/"), ("CONNECT", "api.example:443"),
            ] {
                #expect(try await proxy.exchange(method, target, via).status == 508, "\(target)")
            }
            let client = try await HTTP2Client(to: proxy.port)
            let response = try await client.exchange("GET", "/api/", [("via", "2.0 \(RequestID.pseudonym)")])
            #expect(response.status == 508)
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
