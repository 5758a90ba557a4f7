// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import ProxyConfiguration

/// `windbreak env`: the variables that put programs behind the proxy, for a shell.
struct EnvironmentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "env",
        abstract: "Print the variables that put programs behind the proxy.",
        discussion: """
            For a POSIX shell: eval "$(windbreak env)"

            \(Self.about)

            \(Exit.help)
            """
    )

    static let about = """
        The proxy is the first listener of the file that has no TLS; it has to be running. A token that it asks for is \
        part of the address. Hosts that no upstream declares are refused, unless the file says `forward: {undeclared: \
        allow}`. Where HTTPS is intercepted, a bundle of the system's certificates and the local authority's is written \
        beside the latter, and the variables name it.
        """

    @Option(help: ConfigurationFile.help)
    var config = "config.yaml"

    func run() throws { try StandardOutput.print(Self.variables(config: self.config).script) }

    static func variables(config: String) throws -> ProxyVariables {
        let configuration = try ConfigurationFile(path: config).loadOrExit()
        let environment = ProcessInfo.processInfo.environment
        do {
            let trust = try TrustBundle.write(for: configuration.forward, environment: environment)
            return try ProxyVariables(configuration, trust: trust, environment: environment)
        } catch {
            StandardError.print("windbreak: \(error)")
            throw Exit.failed
        }
    }
}
