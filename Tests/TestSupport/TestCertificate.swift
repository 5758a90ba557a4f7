// SPDX-License-Identifier: Apache-2.0

import NIOSSL
package import ProxyConfiguration

/// Certificates for tests, valid until 2056. The keys protect nothing.
package enum TestCertificate: String, Sendable {
    /// For `localhost`, `127.0.0.1` and `::1`, signed by ``authorityFile``.
    case localhost
    /// For `other.example`, signed by ``authorityFile``.
    case otherHost = "other-host"
    /// For `localhost`, signed by nobody who is known.
    case untrusted

    /// For a client, signed by ``clientAuthorityFile``.
    case client

    /// PEM file of the authority that signed those of clients.
    package static var clientAuthorityFile: String { Self.path("client-authority.pem") }

    /// PEM file of the authority that signed.
    package static var authorityFile: String { Self.path("authority.pem") }

    /// What a listener shows.
    package func serverTLS(
        clients: ServerTLS.ClientCertificates? = nil
    ) throws -> ServerTLS {
        var tls = ServerTLS(certificateFile: "", keyFile: "", chain: try self.chain(), key: try self.key())
        if let clients {
            tls.clientAuthorities = try NIOSSLCertificate.fromPEMFile(Self.clientAuthorityFile)
            tls.clientCertificates = clients
        }
        return tls
    }

    func serverContext(protocols: [String] = []) throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: try self.chain().map { .certificate($0) },
            privateKey: .privateKey(try self.key())
        )
        settings.applicationProtocols = protocols
        return try NIOSSLContext(configuration: settings)
    }

    fileprivate func chain() throws -> [NIOSSLCertificate] {
        try NIOSSLCertificate.fromPEMFile(self.certificateFile)
    }

    fileprivate func key() throws -> NIOSSLPrivateKey {
        try NIOSSLPrivateKey(file: self.keyFile, format: .pem)
    }

    package var certificateFile: String { Self.path("\(self.rawValue).pem") }
    package var keyFile: String { Self.path("\(self.rawValue).key.pem") }

    private static func path(_ name: String) -> String {
        #filePath.split(separator: "/").dropLast().map { "/\($0)" }.joined() + "/Certificates/\(name)"
    }
}

/// How a client of a test speaks TLS.
package struct TestClientTLS: Sendable {
    /// Whose certificate is wanted.
    package var serverName = "localhost"
    /// Shown if the server asks for one.
    package var certificate: TestCertificate?
    /// Offered by ALPN.
    package var protocols: [String] = []
    /// TLS 1.1 at most.
    package var isOutdated = false
    /// The authority that is trusted, in PEM; nil is ``TestCertificate/authorityFile``.
    package var authority: String?
    /// Sent in the clear before the handshake.
    package var preface = ""

    package init() {}

    package init(_ change: (inout TestClientTLS) -> Void) { change(&self) }

    func context() throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.trustRoots = .file(TestCertificate.authorityFile)
        if let authority {
            settings.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authority.utf8)))
        }
        settings.applicationProtocols = self.protocols
        if self.isOutdated { settings.maximumTLSVersion = .tlsv11 }
        if let certificate {
            settings.certificateChain = try certificate.chain().map { .certificate($0) }
            settings.privateKey = .privateKey(try certificate.key())
        }
        return try NIOSSLContext(configuration: settings)
    }
}
