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
                let key = FileDraft(of: files.keyFile, mode: 0o600)
                let certificate = FileDraft(of: files.certificateFile, mode: 0o644)
                try key.write(authority.keyPEM)
                try certificate.write(authority.certificatePEM)
                try FileDraft.place([key, certificate], replacing: self.force)
            } catch {
                StandardError.print("windbreak: \(error)")
                throw Exit.failed
            }
            try StandardOutput.print(
                "\(files.certificateFile) with \(files.keyFile), for \(hosts.joined(separator: ", "))"
            )
            if configuration.forward.intercept.isEmpty {
                try StandardOutput.print("Nothing is intercepted yet: name upstreams in `forward: {intercept: [...]}`.")
            }
        }
    }
}
