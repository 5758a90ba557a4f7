// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalAuthority
package import ProxyConfiguration

/// The authority that signs for intercepted hosts, as its files have it, or everything that is wrong with them.
package struct AuthorityReading {
    let authority: CertificateAuthority?
    package let flaws: [AuthorityFlaw]

    /// Looks at no file where nothing is intercepted.
    package init(_ configuration: Configuration) {
        guard !configuration.forward.intercept.isEmpty else {
            (self.authority, self.flaws) = (nil, [])
            return
        }
        let files = configuration.forward.authority
        var flaws: [AuthorityFlaw] = []
        let certificate = Self.read(files.certificateFile, .certificate, &flaws)
        let key = Self.read(files.keyFile, .key, &flaws)
        if key != nil, !Self.isPrivate(files.keyFile) {
            flaws.append(AuthorityFlaw(.key, files.keyFile, "may be read by others than its owner: chmod 600"))
        }
        var authority: CertificateAuthority?
        if let certificate, let key {
            do throws(CertificateAuthority.Unusable) {
                authority = try CertificateAuthority(certificatePEM: certificate, keyPEM: key)
            } catch {
                switch error {
                case .certificate(let complaint):
                    flaws.append(AuthorityFlaw(.certificate, files.certificateFile, complaint))
                case .key(let complaint):
                    flaws.append(AuthorityFlaw(.key, files.keyFile, complaint))
                }
            }
        }
        if let authority { flaws += Self.flaws(of: authority, configuration) }
        (self.authority, self.flaws) = (authority, flaws)
    }

    private static func flaws(of authority: CertificateAuthority, _ configuration: Configuration) -> [AuthorityFlaw] {
        let file = configuration.forward.authority.certificateFile
        guard DateField.seconds < authority.end else {
            return [AuthorityFlaw(.certificate, file, "has expired; \(Self.renewal)")]
        }
        return configuration.upstreams.filter { configuration.forward.intercept.contains($0.name) }.flatMap {
            upstream in
            upstream.hosts.filter { !authority.mayVouch(for: $0) }.map { host in
                AuthorityFlaw(.upstream(upstream.name), file, "is not for \(host) of \(upstream.name); \(Self.renewal)")
            }
        }
    }

    private static let renewal = "`windbreak ca init --force` makes another, which clients have to be told of"

    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o077 == 0
    }

    private static func read(_ path: String, _ part: AuthorityFlaw.Part, _ flaws: inout [AuthorityFlaw]) -> String? {
        do throws(BoundedFile.Failure) {
            return String(decoding: try BoundedFile.read(path, atMost: 64 << 10), as: UTF8.self)
        } catch {
            let complaint =
                switch error {
                case .unreadable(let reason): "cannot be read: \(reason); `windbreak ca init` makes it"
                case .tooLarge: "is larger than 64KiB, which neither a certificate nor a key is"
                }
            flaws.append(AuthorityFlaw(part, path, complaint))
            return nil
        }
    }
}
