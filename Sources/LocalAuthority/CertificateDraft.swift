// SPDX-License-Identifier: Apache-2.0

import Crypto

/// A certificate of version 3 (RFC 5280, 4.1) for a P-256 key, before it is signed.
struct CertificateDraft {
    /// Encoded.
    var issuer: [UInt8]
    /// Encoded.
    var subject: [UInt8]
    var key: P256.Signing.PublicKey
    /// In seconds since 1970.
    var start: Int
    var end: Int
    /// Each encoded.
    var extensions: [[UInt8]]

    /// The whole certificate in DER.
    func signed(by signer: P256.Signing.PrivateKey) throws -> [UInt8] {
        let algorithm = DER.sequence(Identifier.ecdsaWithSHA256)
        // RFC 5280, 4.1.2.2: positive, and of 20 octets at most.
        let serial = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
        let content = DER.sequence(
            DER.node(0xA0, DER.integer([2])),
            DER.integer([0x40] + serial),
            algorithm,
            self.issuer,
            DER.sequence(CertificateTime.encoded(self.start), CertificateTime.encoded(self.end)),
            self.subject,
            Array(self.key.derRepresentation),
            DER.node(0xA3, DER.sequence(of: self.extensions))
        )
        let signature = try signer.signature(for: content)
        return DER.sequence(content, algorithm, DER.bits(Array(signature.derRepresentation)))
    }

    /// What tells keys apart (RFC 7093, 2).
    static func identifier(of key: P256.Signing.PublicKey) -> [UInt8] {
        Array(SHA256.hash(data: key.x963Representation).prefix(20))
    }
}
