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
