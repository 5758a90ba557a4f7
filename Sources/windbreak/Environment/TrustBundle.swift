// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import ProxyConfiguration

/// The file of everything that programs trust anyhow, and the authority of this machine.
enum TrustBundle {
    /// Where systems keep what they trust.
    private static let systemFiles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    ]

    struct Unwritable: Error, CustomStringConvertible {
        let description: String
    }

    /// Writes the file beside the authority's certificate. Nil where nothing is intercepted.
    ///
    /// - Parameter environment: `SSL_CERT_FILE` in it stands for the system's file; what its like name comes along.
    static func write(for forward: ForwardConfiguration, environment: [String: String]) throws -> ProxyVariables.Trust?
    {
        guard !forward.intercept.isEmpty else { return nil }
        // Programs may look at it from another directory.
        let file = forward.authority.certificateFile
        let certificate = file.hasPrefix("/") ? file : "\(FileManager.default.currentDirectoryPath)/\(file)"
        guard let authority = FileManager.default.contents(atPath: certificate) else {
            throw Unwritable(description: "cannot read \(certificate); `windbreak ca init` makes it")
        }
        let path = Self.path(beside: certificate)
        // A shell that has these variables already names this very file.
        let named = Set(ProxyVariables.bundles.compactMap { environment[$0] }).subtracting([path])
        let candidates = [environment["SSL_CERT_FILE"]].compactMap(\.self).filter(named.contains) + Self.systemFiles
        guard let system = candidates.first(where: FileManager.default.isReadableFile(atPath:)) else {
            throw Unwritable(
                description: "cannot find the system's file of trusted certificates; SSL_CERT_FILE names it"
            )
        }
        let others = [system] + named.subtracting([system]).sorted()
        let parts = others.compactMap { FileManager.default.contents(atPath: $0) } + [authority]
        let bundle = Data(parts.joined(separator: Data("\n".utf8)))
        // It may be there for a user who could not write it.
        if FileManager.default.contents(atPath: path) != bundle {
            do {
                try bundle.write(to: URL(filePath: path), options: .atomic)
            } catch {
                throw Unwritable(description: "cannot write \(path)")
            }
        }
        return ProxyVariables.Trust(authority: certificate, bundle: path)
    }

    private static func path(beside certificate: String) -> String {
        (certificate.hasSuffix(".pem") ? String(certificate.dropLast(4)) : certificate) + "-bundle.pem"
    }
}
