// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// `windbreak run -- COMMAND`: one program behind the proxy.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a program behind the proxy.",
        discussion: """
            windbreak run -- python3 identify.py photo.jpg

            The program takes this process's place, with the variables set that `windbreak env` prints. \
            \(EnvironmentCommand.about)

            EXIT CODES:
              those of the program, and before it runs:
              1    the variables cannot be made
              64   wrong usage of the command line
              78   the configuration file cannot be used; standard error says why
              126  the program cannot be run
              127  there is no such program
            """
    )

    @Option(help: ConfigurationFile.help)
    var config = "config.yaml"

    @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
    var command: [String]

    func validate() throws {
        if self.command.isEmpty { throw ValidationError("Say what to run: windbreak run -- COMMAND ARGUMENTS") }
    }

    func run() throws {
        for (name, value) in try EnvironmentCommand.variables(config: self.config).all { setenv(name, value, 1) }
        // Threads of the runtime block signals, and what is blocked stays so in the program.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var words: [UnsafeMutablePointer<CChar>?] = self.command.map { strdup($0) }
        words.append(nil)
        execvp(self.command[0], words)
        let code = errno
        StandardError.print("windbreak: cannot run \(self.command[0]): \(String(cString: strerror(code)))")
        throw ExitCode(code == ENOENT ? 127 : 126)
    }
}
