// SPDX-License-Identifier: Apache-2.0

import Crypto
import HTTPMessage
import NIOCore

/// An authority just made, as it is written to files.
package struct NewAuthority: Sendable {
    /// Its certificate, for those who are to trust it.
    package let certificatePEM: String
    /// Its key (PKCS#8), for nobody else.
    package let keyPEM: String

    /// Five years.
    private static let lifetime = 5 * 365 * 86400

    /// - Parameter hosts: The only ones it may sign for, with what is below their names.
    /// - Parameter now: Seconds since 1970.
    package init(for hosts: [String], now: Int) throws {
        let key = P256.Signing.PrivateKey()
        let identifier = CertificateDraft.identifier(of: key.publicKey)
        // Authorities of several machines may be trusted side by side.
        let number = identifier.prefix(4).map { String($0, radix: 16) }.joined()
        let name = DistinguishedName.encoded([
            (Identifier.organization, "Windbreak"), (Identifier.commonName, "Windbreak local authority \(number)"),
        ])
        let draft = CertificateDraft(
            issuer: name,
            subject: name,
            key: key.publicKey,
            start: now - 86400,
            end: now + Self.lifetime,
            extensions: [
                // It signs no other authorities.
                DER.extension(
                    Identifier.basicConstraints,
                    isCritical: true,
                    DER.sequence(DER.node(0x01, [0xFF]), DER.integer([0]))
                ),
                // To sign certificates, and nothing else.
                DER.extension(Identifier.keyUsage, isCritical: true, DER.bits([0x04], unused: 2)),
                DER.extension(Identifier.nameConstraints, isCritical: true, HostConstraints(hosts).encoded),
                DER.extension(Identifier.subjectKey, DER.octets(identifier)),
            ]
        )
        self.certificatePEM = Self.pem(try draft.signed(by: key))
        self.keyPEM = key.pemRepresentation + "\n"
    }

    /// RFC 7468.
    private static func pem(_ certificate: [UInt8]) -> String {
        var text = Base64.encode(ByteBuffer(bytes: certificate))[...]
        var lines = ["-----BEGIN CERTIFICATE-----"]
        while !text.isEmpty {
            lines.append(String(text.prefix(64)))
            text = text.dropFirst(64)
        }
        return (lines + ["-----END CERTIFICATE-----", ""]).joined(separator: "\n")
    }
}
