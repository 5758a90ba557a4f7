// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Certificates for tests, valid until 2056. The keys protect nothing.
package enum TestCertificate: String, Sendable {
    /// For `localhost`, `127.0.0.1` and `::1`, signed by ``authorityFile``.
    case localhost
    /// For `other.example`, signed by ``authorityFile``.
    case otherHost = "other-host"
    /// For `localhost`, signed by nobody who is known.
    case untrusted

    /// PEM file of the authority that signed.
    package static var authorityFile: String { Self.path("authority.pem") }

    func serverContext() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(Self.path("\(self.rawValue).pem"))
        let key = try NIOSSLPrivateKey(file: Self.path("\(self.rawValue).key.pem"), format: .pem)
        return try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) },
                privateKey: .privateKey(key)
            )
        )
    }

    private static func path(_ name: String) -> String {
        #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Certificates/\(name)"
    }
}
