// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Reads certificates and keys from files of PEM.
struct PEMReader {
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
