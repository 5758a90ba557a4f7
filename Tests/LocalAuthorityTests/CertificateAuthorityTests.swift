// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOSSL
import NIOTLS
import Testing

@testable import LocalAuthority

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite struct CertificateAuthorityTests {
    private static let now = time(nil)
    private static let hosts = ["plant.id", "my-api.plantnet.org", "127.0.0.1", "::1"]

    private static func authority(for hosts: [String] = hosts) throws -> (NewAuthority, CertificateAuthority) {
        let new = try NewAuthority(for: hosts, now: Self.now)
        return (new, try CertificateAuthority(certificatePEM: new.certificatePEM, keyPEM: new.keyPEM))
    }

    /// Whether a client that trusts the authority takes its certificate for a host: by a handshake, and BoringSSL's rules.
    private static func isTaken(
        _ host: String,
        by new: NewAuthority,
        from authority: CertificateAuthority
    ) throws -> Bool {
        let leaf = try authority.leaf(for: host, now: Self.now)
        var trust = TLSConfiguration.makeClientConfiguration()
        trust.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(new.certificatePEM.utf8)))
        let client = EmbeddedChannel()
        let server = EmbeddedChannel()
        let address = try SocketAddress(ipAddress: "192.0.2.1", port: 443)
        let outcome = Handshake()
        try client.pipeline.syncOperations.addHandlers([
            try NIOSSLClientHandler(
                context: NIOSSLContext(configuration: trust),
                serverHostname: host
            ), outcome,
        ])
        let settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(leaf.certificate)],
            privateKey: .privateKey(leaf.key)
        )
        try server.pipeline.syncOperations.addHandler(
            NIOSSLServerHandler(context: NIOSSLContext(configuration: settings))
        )
        client.connect(to: address, promise: nil)
        server.connect(to: address, promise: nil)
        for _ in 0..<10 {
            while let bytes = try? client.readOutbound(as: ByteBuffer.self) { _ = try? server.writeInbound(bytes) }
            while let bytes = try? server.readOutbound(as: ByteBuffer.self) { _ = try? client.writeInbound(bytes) }
        }
        return outcome.isCompleted
    }

    private final class Handshake: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var isCompleted = false

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if case TLSUserEvent.handshakeCompleted = event { self.isCompleted = true }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {}
    }

    @Test(arguments: hosts + ["api.plant.id"]) func declaredHostsAreVouchedFor(_ host: String) throws {
        let (new, authority) = try Self.authority()
        #expect(authority.mayVouch(for: host))
        // A client looks for the address that it is connected to, which a channel without a socket has not.
        if case .name = HostName(host) { #expect(try Self.isTaken(host, by: new, from: authority)) }
    }

    @Test(arguments: ["evil.example", "notplant.id", "plant.id.evil.example"])
    func noOtherNamesAre(_ host: String) throws {
        let (new, authority) = try Self.authority()
        #expect(!authority.mayVouch(for: host))
        #expect(try !Self.isTaken(host, by: new, from: authority))
        let (addresses, ofAddresses) = try Self.authority(for: ["192.0.2.1"])
        #expect(try !Self.isTaken(host, by: addresses, from: ofAddresses))
        let (other, _) = try Self.authority(for: [host])
        #expect(try !Self.isTaken(host, by: other, from: authority))
    }

    @Test(arguments: ["127.0.0.2", "::2", "10.0.0.1"]) func noOtherAddressesAre(_ host: String) throws {
        for hosts in [Self.hosts, ["plant.id"]] {
            let (_, authority) = try Self.authority(for: hosts)
            #expect(!authority.mayVouch(for: host))
        }
    }

    @Test func aNameTooLongForACommonNameIsTaken() throws {
        let host = (0..<4).map { _ in String(repeating: "a", count: 40) }.joined(separator: ".") + ".example"
        let (new, authority) = try Self.authority(for: [host])
        #expect(try Self.isTaken(host, by: new, from: authority))
    }

    @Test func aLeafLastsAWeekAndNoLongerThanItsAuthority() throws {
        let (_, authority) = try Self.authority()
        for (now, end) in [(Self.now, Self.now + 7 * 86400), (authority.end - 60, authority.end)] {
            let leaf = try authority.leaf(for: "plant.id", now: now)
            #expect(leaf.certificate.notValidAfter == time_t(end))
            #expect(leaf.certificate.notValidBefore < time_t(now))
            #expect(leaf.renewal >= now && leaf.renewal < end)
        }
    }

    @Test func whatIsNoAuthorityIsRefused() throws {
        let (new, authority) = try Self.authority()
        let (other, _) = try Self.authority()
        _ = authority
        for (certificate, key) in [
            ("", new.keyPEM), (new.certificatePEM, ""), (new.certificatePEM, other.keyPEM),
            (new.keyPEM, new.certificatePEM),
            ("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", new.keyPEM),
        ] {
            let error = #expect(throws: CertificateAuthority.Unusable.self) {
                try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
            }
            #expect(error?.description.contains("PRIVATE") == false)
        }
    }

    @Test(
        arguments: [
            (0, "700101000000Z"), (951_782_400, "000229000000Z"), (2_524_607_999, "491231235959Z"),
            (2_524_608_000, "20500101000000Z"), (4_107_542_400, "21000301000000Z"), (-1, "691231235959Z"),
            (-62_167_219_200, "00000101000000Z"),
        ]
    )
    func timesAreThoseOfTheCalendar(_ seconds: Int, _ text: String) throws {
        let encoded = CertificateTime.encoded(seconds)
        #expect(String(decoding: encoded.dropFirst(2), as: UTF8.self) == text)
        let node = try #require(DERNode.all(in: encoded[...])?.first)
        #expect(CertificateTime.seconds(node) == seconds)
    }

    @Test func brokenDERIsNoTrap() throws {
        let (new, _) = try Self.authority()
        let certificate = try #require(NIOSSLCertificate.fromPEMBytes(Array(new.certificatePEM.utf8)).first)
            .toDERBytes()
        for length in 0..<certificate.count {
            _ = DERNode.all(in: certificate[..<length])?.first?.parts.flatMap(\.parts).flatMap(\.parts)
        }
        for octets: [UInt8] in [
            [0x30], [0x30, 0x80], [0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF], [0x30, 0x89], [0x30, 0x82, 1],
        ] {
            #expect(DERNode.all(in: octets[...]) == nil || DERNode.all(in: octets[...])?.isEmpty == true)
        }
    }
}
