// SPDX-License-Identifier: Apache-2.0

import Glibc
import LocalAuthority
import ProxyConfiguration

extension Interception {
    /// Reads the authority's files. Nil where nothing is intercepted.
    convenience init?(_ configuration: Configuration) throws(EngineError) {
        let forward = configuration.forward
        guard !forward.intercept.isEmpty else { return nil }
        let files = forward.authority
        guard Self.isPrivate(files.keyFile) else {
            throw EngineError.cannotIntercept("others may read \(files.keyFile), which only its owner may: chmod 600")
        }
        let authority: CertificateAuthority
        do throws(CertificateAuthority.Unusable) {
            authority = try CertificateAuthority(
                certificatePEM: try Self.read(files.certificateFile),
                keyPEM: try Self.read(files.keyFile)
            )
        } catch {
            throw EngineError.cannotIntercept("\(files.certificateFile) with \(files.keyFile): \(error.description)")
        }
        guard DateField.seconds < authority.end else {
            throw EngineError.cannotIntercept(
                "\(files.certificateFile) has expired; \(Self.renewal)"
            )
        }
        for upstream in configuration.upstreams where forward.intercept.contains(upstream.name) {
            for host in upstream.hosts where !authority.mayVouch(for: host) {
                throw EngineError.cannotIntercept(
                    "\(files.certificateFile) is not for \(host) of \(upstream.name); \(Self.renewal)"
                )
            }
        }
        self.init(authority, upstreams: Set(forward.intercept))
    }

    private static let renewal = "`windbreak ca init --force` makes another, which clients have to be told of"

    /// Whether nobody but its owner may read a file; also true of one that is not there.
    private static func isPrivate(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_mode & 0o077 == 0
    }

    private static func read(_ path: String) throws(CertificateAuthority.Unusable) -> String {
        do throws(BoundedFile.Failure) {
            return String(decoding: try BoundedFile.read(path, atMost: 64 << 10), as: UTF8.self)
        } catch {
            throw CertificateAuthority.Unusable(description: "cannot read \(path); `windbreak ca init` makes it")
        }
    }
}
