// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration
import Testing

@testable import ProxyEngine

@Suite struct AddressClassTests {
    @Test(
        arguments: [
            // The first, the last and the neighbours of every network.
            ("0.0.0.0", .unspecified), ("0.255.255.255", .unspecified), ("1.0.0.0", .global),
            ("9.255.255.255", .global), ("10.0.0.0", .private), ("10.255.255.255", .private), ("11.0.0.0", .global),
            ("100.63.255.255", .global), ("100.64.0.0", .shared), ("100.100.100.200", .shared),
            ("100.127.255.255", .shared), ("100.128.0.0", .global),
            ("126.255.255.255", .global), ("127.0.0.1", .loopback), ("127.255.255.255", .loopback),
            ("128.0.0.0", .global),
            ("169.253.255.255", .global), ("169.254.0.0", .linkLocal), ("169.254.169.254", .linkLocal),
            ("169.255.0.0", .global),
            ("172.15.255.255", .global), ("172.16.0.0", .private), ("172.31.255.255", .private),
            ("172.32.0.0", .global),
            ("192.0.0.1", .reserved), ("192.0.0.192", .reserved), ("192.0.1.0", .global), ("192.0.2.1", .reserved),
            ("192.88.99.1", .reserved), ("192.167.255.255", .global), ("192.168.0.0", .private),
            ("192.168.255.255", .private), ("192.169.0.0", .global),
            ("198.17.255.255", .global), ("198.18.0.0", .reserved), ("198.19.255.255", .reserved),
            ("198.20.0.0", .global), ("198.51.100.7", .reserved), ("203.0.113.7", .reserved),
            ("223.255.255.255", .global), ("224.0.0.0", .multicast), ("239.255.255.255", .multicast),
            ("240.0.0.0", .reserved), ("255.255.255.255", .reserved), ("8.8.8.8", .global),
        ] as [(String, AddressClass)]
    )
    func ipv4(_ text: String, _ expected: AddressClass) throws {
        #expect(AddressClass(try SocketAddress(ipAddress: text, port: 80)) == expected)
        // The same place, however it is spelled.
        for prefix in ["::ffff:", "64:ff9b::", "2606:4700::5efe:", "2606:4700::200:5efe:"] {
            #expect(AddressClass(try SocketAddress(ipAddress: prefix + text, port: 80)) == expected, "\(prefix)\(text)")
        }
        let parts = text.split(separator: ".").compactMap { UInt8($0) }.map { String($0, radix: 16) }
        let hex = parts.map { $0.count == 1 ? "0\($0)" : $0 }
        let sixToFour = "2002:\(hex[0])\(hex[1]):\(hex[2])\(hex[3])::1"
        #expect(AddressClass(try SocketAddress(ipAddress: sixToFour, port: 80)) == expected, "\(sixToFour)")
    }

    @Test(
        arguments: [
            ("::", .unspecified), ("::1", .loopback), ("::2", .reserved), ("::7f00:1", .reserved),
            ("::ffff:0:7f00:1", .reserved), ("64:ff9b:1::a00:1", .private), ("64:ff9b:2::1", .reserved),
            ("100::1", .reserved), ("1fff:ffff::1", .reserved),
            ("2001:0:4136:e378:8000:63bf:3fff:fdd2", .reserved), ("2001:1ff:ffff::1", .reserved),
            ("2001:200::1", .global), ("2001:db8::1", .reserved), ("2001:db9::1", .global),
            ("2606:4700:4700::1111", .global), ("3ffe:ffff::1", .global), ("3fff::1", .reserved),
            ("3fff:fff::1", .reserved), ("3fff:1000::1", .global), ("4000::1", .reserved), ("5f00::1", .reserved),
            ("fbff::1", .reserved), ("fc00::1", .private), ("fd00:ec2::254", .private), ("fdff::1", .private),
            ("fe00::1", .reserved), ("fe80::1", .linkLocal), ("febf::1", .linkLocal), ("fec0::1", .private),
            ("feff::1", .private), ("ff02::1", .multicast), ("ffff::1", .multicast),
        ] as [(String, AddressClass)]
    )
    func ipv6(_ text: String, _ expected: AddressClass) throws {
        #expect(AddressClass(try SocketAddress(ipAddress: text, port: 80)) == expected)
    }

    @Test(
        arguments: [
            ("api.example.com", .global), ("localhost", .loopback), ("localhost.", .loopback),
            ("a.localhost", .loopback), ("notlocalhost", .global), ("127.0.0.1", .any), ("10.0.0.1", .any),
            ("::1", .any), ("2130706433", .global), ("0x7f.1", .global), ("127.1", .global),
        ] as [(String, AddressPolicy)]
    )
    func aURLSaysWhereItsHostMayLead(_ host: String, _ expected: AddressPolicy) {
        let url = UpstreamURL(isTLS: false, host: host, port: 80, basePath: "")
        var upstream = UpstreamConfiguration(name: "api", url: url)
        #expect(upstream.addressPolicy == expected)
        upstream.isPrivate = true
        #expect(upstream.addressPolicy == .any)
    }

    @Test func eachPolicyAllowsItsClasses() {
        for kind in AddressClass.allCases {
            #expect(AddressPolicy.any.allows(kind))
            #expect(AddressPolicy.global.allows(kind) == (kind == .global))
            #expect(AddressPolicy.loopback.allows(kind) == (kind == .global || kind == .loopback))
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false), ("127.0.0.1", "0.0.0.0", true),
            ("127.0.0.1", "::ffff:127.0.0.1", true), ("127.0.0.1", "::", true), ("127.0.0.1", "8.8.8.8", false),
            ("0.0.0.0", "127.0.0.9", true), ("::", "::1", true), ("0.0.0.0", "8.8.8.8", false), ("::", "::", true),
            ("8.8.8.8", "::ffff:8.8.8.8", true), ("8.8.8.8", "0.0.0.0", false),
        ]
    )
    func aListenerIsFoundUnderEachOfItsAddresses(_ listener: String, _ address: String, _ isOwn: Bool) throws {
        let listeners = ListenerAddresses()
        listeners.replace(with: [try SocketAddress(ipAddress: listener, port: 8080)])
        let (same, other) = (
            try SocketAddress(ipAddress: address, port: 8080), try SocketAddress(ipAddress: address, port: 8081)
        )
        #expect(listeners.contains(same) == isOwn)
        #expect(!listeners.contains(other))
    }
}
