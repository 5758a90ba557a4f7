// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

@Suite struct IPNetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.255.1.2", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("10.0.0.0/8", "::ffff:10.1.2.3", true),
        ("192.0.2.1", "192.0.2.1", true),
        ("192.0.2.1", "192.0.2.2", false),
        ("192.0.2.128/25", "192.0.2.128", true),
        ("192.0.2.128/25", "192.0.2.127", false),
        ("0.0.0.0/0", "203.0.113.9", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "127.0.0.1", false),
        ("2001:db8::/32", "2001:db8:ffff::1", true),
        ("2001:db8::/32", "2001:db9::1", false),
        ("fe80::/10", "fe80::1%eth0", true),
        ("::1", "0:0:0:0:0:0:0:1", true),
    ])
    func contains(_ network: String, _ address: String, _ isInside: Bool) throws {
        let network = try #require(IPNetwork(network))
        #expect(network.contains(try #require(IPAddress(address))) == isInside)
    }

    @Test(arguments: [
        ("2001:DB8:0:0::0:A", "2001:db8::a"), ("::FFFF:192.0.2.1", "192.0.2.1"), ("::", "::"),
        ("0:0:1:0:0:0:0:1", "0:0:1::1"),
    ])
    func isWrittenAsEverybodyDoes(_ text: String, _ usual: String) throws {
        #expect(try #require(IPAddress(text)).description == usual)
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.1/8", "10.0.0",
        "localhost", "2001:db8::1/64", "::/129", "10.0.0.0 /8", "010.0.0.0/8",
    ])
    func isNoNetwork(_ text: String) { #expect(IPNetwork(text) == nil) }
}
