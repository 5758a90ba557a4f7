// SPDX-License-Identifier: Apache-2.0

import Crypto
package import NIOSSL

/// An authority of this machine's own, that signs certificates for declared hosts so that their HTTPS can be looked into.
///
/// Its certificate is constrained to those hosts: whoever trusts it, and whoever steals its key, can be shown no other
/// host by it.
package struct CertificateAuthority: Sendable {
    private let key: P256.Signing.PrivateKey
    /// Its name, encoded.
    private let subject: [UInt8]
    private let keyIdentifier: [UInt8]
    private let constraints: HostConstraints
    /// When it ends, in seconds since 1970.
    package let end: Int
    /// One key for all leaves: making one costs more than signing one, and all of them are this process's own.
    private let leafKey = P256.Signing.PrivateKey()

    /// Why the files are no authority. Never has anything of the key.
    package enum Unusable: Error, Equatable, CustomStringConvertible {
        /// What the certificate is not.
        case certificate(String)
        /// What the key is not.
        case key(String)

        package var description: String {
            switch self {
            case .certificate(let complaint): "the certificate \(complaint)"
            case .key(let complaint): "the key \(complaint)"
            }
        }
    }

    /// - Parameter certificatePEM: The certificate of an authority that `windbreak ca init` has made.
    /// - Parameter keyPEM: The key of that certificate.
    package init(certificatePEM: String, keyPEM: String) throws(Unusable) {
        guard
            let certificate = try? NIOSSLCertificate.fromPEMBytes(Array(certificatePEM.utf8)).first?.toDERBytes(),
            let parts = DERNode.all(in: certificate[...])?.first?.parts.first?.parts, parts.count >= 8
        else { throw Unusable.certificate("is not a certificate of version 3 in PEM") }
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: keyPEM) else {
            throw Unusable.key("is not a key for P-256 in PEM")
        }
        guard key.publicKey.derRepresentation.elementsEqual(parts[6].encoded) else {
            throw Unusable.key("is not the key of the certificate")
        }
        let extensions = parts.last?.parts.first?.parts ?? []
        func content(of identifier: [UInt8]) -> ArraySlice<UInt8>? {
            let found = extensions.first { $0.parts.first?.encoded.elementsEqual(identifier) ?? false }
            return found?.parts.last?.content
        }
        guard let constraints = content(of: Identifier.nameConstraints),
            let identifier = content(of: Identifier.subjectKey).flatMap({ DERNode.all(in: $0)?.first }),
            let end = parts[4].parts.last.flatMap(CertificateTime.seconds)
        else { throw Unusable.certificate("is not the certificate of an authority for certain hosts") }
        self.key = key
        self.subject = Array(parts[5].encoded)
        self.keyIdentifier = Array(identifier.content)
        self.constraints = HostConstraints(encoded: constraints)
        self.end = end
    }

    /// Whether clients would accept a certificate for this host from it.
    package func mayVouch(for host: String) -> Bool { self.constraints.allow(host) }

    /// A certificate for one host with its key, as a server shows them.
    ///
    /// - Parameter host: A name in lower case, or a numeric address without brackets.
    /// - Parameter now: Seconds since 1970.
    package func leaf(for host: String, now: Int) throws -> Leaf {
        let end = min(now + Leaf.lifetime, self.end)
        // The name itself stands in the extension; a common name has at most 64 characters (RFC 5280, A.1).
        let commonName = host.utf8.count <= 64 ? host : "windbreak"
        let draft = CertificateDraft(
            issuer: self.subject,
            subject: DistinguishedName.encoded([(Identifier.commonName, commonName)]),
            key: self.leafKey.publicKey,
            // The clocks of clients are not ours.
            start: now - 86400,
            end: end,
            extensions: [
                DER.extension(Identifier.basicConstraints, isCritical: true, DER.sequence()),
                // For signatures, and nothing else.
                DER.extension(Identifier.keyUsage, isCritical: true, DER.bits([0x80], unused: 7)),
                DER.extension(Identifier.extendedKeyUsage, DER.sequence(Identifier.serverAuthentication)),
                DER.extension(Identifier.alternativeNames, DER.sequence(HostName(host).encoded)),
                DER.extension(
                    Identifier.subjectKey,
                    DER.octets(CertificateDraft.identifier(of: self.leafKey.publicKey))
                ),
                DER.extension(Identifier.authorityKey, DER.sequence(DER.node(0x80, self.keyIdentifier))),
            ]
        )
        return Leaf(
            certificate: try NIOSSLCertificate(bytes: draft.signed(by: self.key), format: .der),
            key: try NIOSSLPrivateKey(bytes: Array(self.leafKey.pemRepresentation.utf8), format: .pem),
            renewal: now + max(0, end - now) / 2
        )
    }

    package struct Leaf: Sendable {
        package let certificate: NIOSSLCertificate
        package let key: NIOSSLPrivateKey
        /// When another should take its place, in seconds since 1970.
        package let renewal: Int

        /// A week: nothing of it outlives much what it was made for.
        static let lifetime = 7 * 86400
    }
}
