// SPDX-License-Identifier: Apache-2.0

import Admin
import ArgumentParser

/// The command line: what can be asked for, and what the exit codes mean.
@main
struct Windbreak: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "windbreak",
        abstract: "A proxy that protects programs from the HTTP APIs they depend on.",
        discussion: """
            Windbreak reads one YAML file and puts a circuit breaker, deadlines and a cache before every API that the \
            file declares. Without a subcommand it serves.

            \(Exit.help)
            """,
        version: "windbreak \(BuildInfo.version)",
        subcommands: [
            Serve.self, Check.self, ProfileCommand.self, CacheCommand.self, EnvironmentCommand.self, Run.self,
            AuthorityCommand.self,
        ],
        defaultSubcommand: Serve.self
    )
}
