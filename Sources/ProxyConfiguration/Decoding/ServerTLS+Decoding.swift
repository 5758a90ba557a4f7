// SPDX-License-Identifier: Apache-2.0

import NIOSSL

extension ServerTLS {
    /// Reads the files too, so that what is wrong with them is told before anything runs by them.
    static func decode(_ reader: inout MappingReader) -> ServerTLS? {
        let files = PEMReader(problems: reader.problems)
        let (certificate, key) = (reader.value("certificate"), reader.value("key"))
        if certificate == nil { reader.missing("certificate", "the file of the certificate and those that signed it") }
        if key == nil { reader.missing("key", "the file of the certificate's private key") }
        let chain = certificate.flatMap { files.certificates($0) }
        let privateKey = key.flatMap { files.privateKey($0) }
        let authority = reader.value("client_ca")
        let authorities = authority.flatMap { files.certificates($0) }
        let wanted = reader.value("client_certificates")
        let clients = wanted.flatMap { $0.choice(ClientCertificates.self, reader.problems) }
        if let wanted, authority == nil {
            reader.problems.error("needs a client_ca, whose certificates they are", at: wanted)
        }
        guard let key, let chain, let privateKey else { return nil }
        var tls = ServerTLS(
            certificateFile: chain.path,
            keyFile: privateKey.path,
            chain: chain.content,
            key: privateKey.content
        )
        tls.clientAuthorityFile = authorities?.path
        tls.clientAuthorities = authorities?.content ?? []
        tls.clientCertificates = clients ?? tls.clientCertificates
        do {
            _ = try tls.context(offering: [])
        } catch {
            reader.problems.error("is not the key of the certificate, or neither can be used for TLS", at: key)
        }
        return tls
    }
}

/// Reads certificates and keys from files of PEM.
private struct PEMReader {
    /// A chain of many certificates has some 10 KiB; a bundle of all public authorities has 250.
    private static let limit = 1 << 20

    let problems: Problems

    func certificates(_ node: Node) -> (path: String, content: [NIOSSLCertificate])? {
        self.read(node, "has no certificate in PEM form") { bytes in
            let certificates = try NIOSSLCertificate.fromPEMBytes(bytes)
            return certificates.isEmpty ? nil : certificates
        }
    }

    func privateKey(_ node: Node) -> (path: String, content: NIOSSLPrivateKey)? {
        self.read(node, "has no private key in PEM form, or one that is behind a passphrase") { bytes in
            try NIOSSLPrivateKey(bytes: bytes, format: .pem)
        }
    }

    private func read<Content>(
        _ node: Node,
        _ complaint: String,
        _ parse: ([UInt8]) throws -> Content?
    ) -> (path: String, content: Content)? {
        guard let text = node.text(self.problems, "the path of a file") else { return nil }
        guard !text.contains("-----") else {
            self.problems.error("expected the path of a file, found what should stand in it", at: node)
            return nil
        }
        let path = node.location.source.resolve(text)
        let shown = node.scalar?.isFromVariable == true ? "the file" : text.shownForMessage(atMost: 200)
        do throws(BoundedFile.Failure) {
            let bytes = try BoundedFile.read(path, atMost: Self.limit)
            if let content = try? parse(bytes) { return (path, content) }
            self.problems.error("\(shown) \(complaint)", at: node)
        } catch {
            switch error {
            case .unreadable(let reason): self.problems.error("cannot read \(shown): \(reason)", at: node)
            case .tooLarge: self.problems.error("\(shown) is larger than 1MiB, which no certificate is", at: node)
            }
        }
        return nil
    }
}
