// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration
import UnixSignals

/// `windbreak serve`: the server from its start to its end, as signals direct it.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the proxy. This is what windbreak does without a subcommand.",
        discussion: """
            Logs go to standard error, access lines to where the file says.

            SIGNALS:
              HUP        read the file again and apply what changed
                         (a wrong file changes nothing)
              USR1       open the access log anew, after it was rotated
              TERM, INT  accept nothing more, and exit with 0 when what
                         runs is finished, or drain_timeout over;
                         a second one ends at once, with 1

            \(Exit.help)
            """
    )

    @Option(help: ConfigurationFile.help)
    var config = "config.yaml"

    @Option(help: ArgumentHelp("A file to write the process's number to, removed at the end.", valueName: "file"))
    var pidFile: String?

    /// What the parser would refuse with the usage of this command alone, though it may be another's name misspelled.
    @Argument(help: .hidden)
    var others: [String] = []

    func validate() throws {
        guard let other = self.others.first else { return }
        let names = Windbreak.configuration.subcommands.map {
            $0.configuration.commandName ?? String(describing: $0).lowercased()
        }
        let hint = EditDistance.hint(for: other, among: names)
        throw ValidationError(
            "Unexpected argument '\(other)'\(hint.isEmpty ? "." : hint) Commands are \(names.joined(separator: ", "))."
        )
    }

    func run() async throws {
        ProcessSetup.prepareToServe()
        let signals = await UnixSignalsSequence(trapping: .sighup, .sigusr1, .sigterm, .sigint)
        let file = ConfigurationFile(path: self.config)
        let configuration = try file.loadOrExit(toServe: true)
        do {
            let pidFile = try self.pidFile.map { (path) throws(PidFile.Failure) in try PidFile(claiming: path) }
            let server = try Server(file, configuration)
            try await server.start(configuration)
            let isFinished = await Self.direct(server, by: signals)
            _ = consume pidFile
            if !isFinished { Self.exit(withError: Exit.failed) }
        } catch {
            StandardError.print("windbreak: \(error)")
            throw Exit.failed
        }
    }

    /// Returns whether what ran could end in its own time.
    private static func direct(_ server: Server, by signals: UnixSignalsSequence) async -> Bool {
        let (endings, ending) = AsyncStream<Bool>.makeStream()
        let listening = Task {
            var isStopping = false
            for await signal in signals {
                switch signal {
                case .sighup where !isStopping: await server.reload()
                case .sigusr1: server.reopenLogs()
                case .sigterm where isStopping, .sigint where isStopping:
                    server.endedInHaste(by: signal)
                    ending.yield(false)
                case .sigterm, .sigint:
                    isStopping = true
                    Task {
                        await server.stop(because: signal)
                        ending.yield(true)
                    }
                default: break
                }
            }
        }
        defer { listening.cancel() }
        return await endings.first { _ in true } ?? true
    }
}
