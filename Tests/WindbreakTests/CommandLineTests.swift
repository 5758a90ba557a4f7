// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("The command line")
struct CommandLineTests {
    @Test("says its version and its help")
    func versionAndHelp() async throws {
        let version = try await windbreak("--version")
        #expect(version.status == 0)
        #expect(version.output.hasPrefix("windbreak "))

        let help = try await windbreak("--help")
        #expect(help.status == 0)
        for word in ["serve", "check", "profile", "EXIT CODES", "64", "78"] { #expect(help.output.contains(word)) }

        let serve = try await windbreak("serve", "--help")
        #expect(serve.status == 0)
        for word in ["--config", "--pid-file", "HUP", "USR1", "TERM"] { #expect(serve.output.contains(word)) }
    }

    @Test(
        "ends with 64 when it is used wrongly",
        arguments: [["--no-such-option"], ["check", "--config"], ["profile"], ["profile", "nonesuch"], ["nonesuch"]]
    )
    func wrongUsage(_ arguments: [String]) async throws {
        let process = try WindbreakProcess(arguments)
        defer { process.send(SIGKILL) }
        #expect(try await process.end() == 64)
        try await process.line("rror")
    }

    @Test("knows a misspelled command", arguments: [("chekc", "check"), ("serv", "serve"), ("environment", "")])
    func misspelled(_ word: String, _ meant: String) async throws {
        let result = try await windbreak(word)
        #expect(result.status == 64)
        let hint = meant.isEmpty ? "." : "; did you mean \"\(meant)\"?"
        #expect(
            result.errors.contains("Unexpected argument '\(word)'\(hint) Commands are serve, check, profile, cache,")
        )
    }

    @Test("prints the shipped profiles, and lists them when it is asked for another")
    func profiles() async throws {
        let profile = try await windbreak("profile", "plant_id")
        #expect(profile.status == 0)
        #expect(profile.output.contains("plant.id"))
        let unknown = try await windbreak("profile", "plantid")
        #expect(unknown.errors.contains("plant_id, plantnet"))
        #expect(unknown.errors.contains("Usage: windbreak profile <name>"))
    }

    @Test("ends with 1 when its output could not be written, and says why")
    func fullOutput() async throws {
        let shell = try WindbreakProcess(
            ["-c", "\"$1\" profile plantnet > /dev/full", "sh", WindbreakProcess.sibling("windbreak")],
            executable: "/bin/sh"
        )
        defer { shell.send(SIGKILL) }
        #expect(try await shell.end() == 1)
        try await shell.line("cannot write to standard output: No space left on device")
    }

    @Test("finds a good file good")
    func goodFile() async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: "http://127.0.0.1:1"))
        let check = try await windbreak("check", "--config", workplace.configuration)
        #expect(check.status == 0)
        #expect(check.output.contains("is good: 1 upstream (origin)"))
    }

    @Test("names every problem of a wrong file with its line, and ends with 78", arguments: ["check", "serve"])
    func wrongFile(_ command: String) async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(
            Workplace.file(upstream: "http://127.0.0.1:1", more: "drain_timeout: 30", breaker: ", moods: 3")
        )
        let run = try await windbreak(command, "--config", workplace.configuration)
        #expect(run.status == 78)
        #expect(run.errors.contains("config.yaml:3:"))
        #expect(run.errors.contains("config.yaml:7:"))
        #expect(run.output.isEmpty)
    }

    @Test("ends with 78 when there is no file", arguments: ["check", "serve"])
    func noFile(_ command: String) async throws {
        let run = try await windbreak(command, "--config", "/nonexistent/config.yaml")
        #expect(run.status == 78)
        #expect(run.errors.contains("/nonexistent/config.yaml"))
    }

    @Test("shows the file as it would run, without its secrets")
    func effective() async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(
            """
            upstreams:
              plant_id: {profile: plant_id, api_key: "${KEY}"}
            """
        )
        let check = try await windbreak(
            "check",
            "--config",
            workplace.configuration,
            "--effective",
            environment: ["KEY": "correct-horse"]
        )
        #expect(check.status == 0)
        #expect(check.output.contains("fail_max"))
        #expect(check.output.contains("***"))
        #expect(!check.output.contains("correct-horse"))
    }
}
