// SPDX-License-Identifier: Apache-2.0

package import NIOSSL

/// One place where clients connect, and how they are met there.
package struct ListenerConfiguration: Sendable, Equatable {
    package var address: ListenAddress
    /// Nil is plain HTTP.
    package var tls: ServerTLS?
    /// Peers whose connections begin with a PROXY header, and nobody else's: load balancers.
    package var proxyProtocol = TrustedPeers()

    package var access = AccessRules()
    /// Whether HTTP/2 is offered, and taken from who begins with it.
    package var http2 = true

    package init(_ address: ListenAddress) { self.address = address }

    /// `https://127.0.0.1:8443`, or `unix:/path`.
    package var description: String {
        switch self.address {
        case .tcp: "\(self.tls == nil ? "http" : "https")://\(self.address)"
        case .unix: self.address.description
        }
    }
}

/// The certificate that a listener shows, and those that it wants to see. Read with the file; never shown.
package struct ServerTLS: Sendable, Equatable {
    /// Whether a client has to show a certificate.
    package enum ClientCertificates: String, CaseIterable, Sendable { case required, optional }

    package var certificateFile: String
    package var keyFile: String
    package var clientAuthorityFile: String?
    /// The certificate first, then those between it and an authority.
    package var chain: [NIOSSLCertificate]
    package var key: NIOSSLPrivateKey
    /// Who signs the certificates of clients; empty: clients show none.
    package var clientAuthorities: [NIOSSLCertificate] = []
    package var clientCertificates: ClientCertificates = .required

    package init(certificateFile: String, keyFile: String, chain: [NIOSSLCertificate], key: NIOSSLPrivateKey) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.chain = chain
        self.key = key
    }

    /// With forward secrecy and authenticated encryption: what is left of TLS 1.2 for HTTP/2 (RFC 9113, 9.2.2).
    package static let cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"

    /// - Parameter protocols: What is offered by ALPN (RFC 7301), the best first.
    /// - Throws: Where the key is not that of the certificate, among others.
    package func context(offering protocols: [String]) throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeServerConfiguration(
            certificateChain: self.chain.map { .certificate($0) },
            privateKey: .privateKey(self.key)
        )
        settings.minimumTLSVersion = .tlsv12
        settings.cipherSuites = Self.cipherSuites
        settings.applicationProtocols = protocols
        if !self.clientAuthorities.isEmpty {
            settings.trustRoots = .certificates(self.clientAuthorities)
            settings.certificateVerification =
                switch self.clientCertificates {
                case .required: .noHostnameVerification
                case .optional: .optionalVerification
                }
            settings.sendCANameList = true
        }
        return try NIOSSLContext(configuration: settings)
    }
}

/// Whose word is taken for where a connection comes from.
package struct TrustedPeers: Sendable, Equatable {
    package var networks: [IPNetwork] = []
    /// Whoever connects by a Unix socket.
    package var includesUnix = false

    package init() {}

    package var isEmpty: Bool { self.networks.isEmpty && !self.includesUnix }

    /// - Parameter address: Numeric; nil for a Unix socket.
    package func contains(_ address: String?) -> Bool {
        guard let address else { return self.includesUnix }
        guard !self.networks.isEmpty, let address = IPAddress(address) else { return false }
        return self.networks.contains { $0.contains(address) }
    }
}
