// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A program that calls APIs, as people have it: curl, or one of Python's libraries. `make clients` installs them.
enum ClientProgram: String, CaseIterable, CustomTestStringConvertible {
    case curl, urllib, requests, httpx, aiohttp

    var testDescription: String { self.rawValue }

    struct Result {
        /// Of the program, not of the answer.
        var exit: Int32
        /// The content of the answer.
        var content: String
        /// Nil where there was no answer.
        var status: Int?
        var errors: String
    }

    /// Asks for a URL with nothing but variables to tell of a proxy.
    ///
    /// The test is skipped if the program is not installed; so it is by all of these.
    func get(_ url: String, environment: [String: String]) async throws -> Result {
        try await Self.run(self.command([url]), environment: environment)
    }

    /// Asks for a URL, started by windbreak.
    ///
    /// - Parameter arguments: Options of curl, and the URL.
    /// - Parameter windbreak: Its arguments before those of the program.
    func run(_ arguments: [String], behind windbreak: [String]) async throws -> Result {
        try await Self.run(windbreak: windbreak, self.command(arguments))
    }

    /// Has the vendor's SDK identify a photo.
    static func kindwise(_ arguments: [String], behind windbreak: [String]?) async throws -> Result {
        try Self.require(Self.python, of: "kindwise-api-client")
        let script = [Self.root + "/Tests/Clients/kindwise_identify.py", Self.root + "/Examples/photo.jpg"]
        let command = [Self.python] + script + arguments
        guard let windbreak else { return try await Self.run(command, environment: ["PATH": "/usr/bin:/bin"]) }
        return try await Self.run(windbreak: windbreak, command)
    }

    /// Does all that `scenarios.py` does, which takes its time.
    ///
    /// - Parameter configuration: The file of the proxy that it is put behind; nil is none.
    /// - Parameter authority: The file of the one that is trusted in place of the system's.
    static func scenarios(
        _ arguments: [String],
        behind configuration: String?,
        trusting authority: String?
    ) async throws -> Result {
        let windbreak =
            configuration.map { [WindbreakProcess.sibling("windbreak"), "run", "--config", $0, "--"] } ?? []
        var environment = ["PATH": "/usr/bin:/bin"]
        if let authority {
            for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"] { environment[name] = authority }
        }
        return try await Self.run(
            windbreak + [Self.python, Self.script("scenarios.py")] + arguments,
            environment: environment,
            upTo: .seconds(180)
        )
    }

    static func script(_ name: String) -> String { Self.root + "/Tests/Clients/" + name }

    static func requirePython() throws {
        try Self.require(Self.python, of: "Python with the libraries that are tested")
    }

    private static func run(windbreak: [String], _ command: [String]) async throws -> Result {
        try await Self.run(
            [WindbreakProcess.sibling("windbreak")] + windbreak + command,
            environment: ["PATH": "/usr/bin:/bin"]
        )
    }

    private static func run(
        _ command: [String],
        environment: [String: String],
        upTo limit: Duration = .seconds(20)
    ) async throws -> Result {
        let process = try WindbreakProcess(
            Array(command.dropFirst()),
            executable: command[0],
            environment: environment
        )
        defer { process.send(SIGKILL) }
        let exit = try await process.end(upTo: limit)
        let lines = process.output.value
        let status = lines.last.flatMap { Int($0) }
        return Result(
            exit: exit,
            content: (status == nil ? lines : lines.dropLast()).joined(separator: "\n"),
            status: status,
            errors: process.log.value.joined(separator: "\n")
        )
    }

    private static func require(_ executable: String, of name: String) throws {
        guard !FileManager.default.isExecutableFile(atPath: executable) else { return }
        try Test.cancel("\(name) is not installed; `make clients` does it")
    }

    private func command(_ arguments: [String]) throws -> [String] {
        switch self {
        case .curl:
            try Self.require("/usr/bin/curl", of: self.rawValue)
            return ["/usr/bin/curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}\n"] + arguments
        case .urllib, .requests, .httpx, .aiohttp:
            try Self.require(Self.python, of: self.rawValue)
            return [Self.python, Self.root + "/Tests/Clients/fetch.py", self.rawValue] + arguments
        }
    }

    private static var root: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .path(percentEncoded: false)
    }

    static var python: String { Self.root + "/.build/clients/bin/python3" }
}
