// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LocalAuthority
import ProxyConfiguration

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `windbreak ca`: the authority that signs for hosts whose HTTPS is intercepted.
struct AuthorityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca",
        abstract: "Make the local authority for hosts whose HTTPS is intercepted.",
        subcommands: [Init.self]
    )

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an authority, and write its certificate and its key.",
            discussion: """
                It can sign for the hosts that the file declares now, and for names below them; for no others, even if \
                its key is stolen. It lasts five years. Both files go where `forward.ca` says, the key for the eyes of \
                its owner only.

                Clients that come by HTTPS have to trust the certificate: `windbreak run` and `windbreak env` see to it.

                \(Exit.help)
                """
        )

        @Option(help: ConfigurationFile.help)
        var config = "config.yaml"

        @Flag(help: "Replace an authority that is there. Clients have to be told of the new one.")
        var force = false

        func run() throws {
            let configuration = try ConfigurationFile(path: self.config).loadOrExit()
            let hosts = configuration.upstreams.flatMap(\.hosts)
            let files = configuration.forward.authority
            do {
                let authority = try NewAuthority(for: hosts, now: time(nil))
                try PrivateFile.save(authority.keyPEM, to: files.keyFile, mode: 0o600, replacing: self.force)
                try PrivateFile.save(
                    authority.certificatePEM,
                    to: files.certificateFile,
                    mode: 0o644,
                    replacing: self.force
                )
            } catch {
                StandardError.print("windbreak: \(error)")
                throw Exit.failed
            }
            print("\(files.certificateFile) with \(files.keyFile), for \(hosts.joined(separator: ", "))")
            if configuration.forward.intercept.isEmpty {
                print("Nothing is intercepted yet: name upstreams in `forward: {intercept: [...]}`.")
            }
        }
    }
}

/// A file that appears at once and whole, with just these permissions.
private enum PrivateFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func save(_ text: String, to path: String, mode: mode_t, replacing: Bool) throws(Failure) {
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw Failure(description: "cannot write \(path): \(Self.reason)") }
        defer {
            close(descriptor)
            unlink(draft)
        }
        // The mask of the process may not widen the mode, and must not narrow it.
        guard fchmod(descriptor, mode) == 0,
            write(descriptor, text, text.utf8.count) == text.utf8.count, fsync(descriptor) == 0
        else { throw Failure(description: "cannot write \(path): \(Self.reason)") }
        // A link, unlike a renaming, does not take the place of what is there.
        guard (replacing ? rename(draft, path) : link(draft, path)) == 0 else {
            let isThere = errno == EEXIST
            throw Failure(
                description: isThere
                    ? "\(path) is there already; --force replaces it" : "cannot write \(path): \(Self.reason)"
            )
        }
    }

    private static var reason: String { String(cString: strerror(errno)) }
}
