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
    /// - Returns: Nil if the program is not installed, which is printed.
    func get(_ url: String, environment: [String: String]) async throws -> Result? {
        guard let (executable, arguments) = self.command(url) else {
            print("skipped: \(self.rawValue) is not installed; `make clients` does it")
            return nil
        }
        let process = try WindbreakProcess(arguments, executable: executable, environment: environment)
        defer { process.send(SIGKILL) }
        let exit = try await process.end()
        let lines = process.output.value
        return Result(
            exit: exit,
            content: lines.dropLast().joined(separator: "\n"),
            status: lines.last.flatMap { Int($0) },
            errors: process.log.value.joined(separator: "\n")
        )
    }

    private func command(_ url: String) -> (executable: String, arguments: [String])? {
        let executable = self == .curl ? "/usr/bin/curl" : Self.python
        guard FileManager.default.isExecutableFile(atPath: executable) else { return nil }
        switch self {
        case .curl:
            return (executable, ["-sS", "--max-time", "20", "-w", "\n%{http_code}\n", url])
        case .urllib, .requests, .httpx, .aiohttp:
            return (executable, [Self.root + "/Tests/Clients/fetch.py", self.rawValue, url])
        }
    }

    private static var root: String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .path(percentEncoded: false)
    }

    static var python: String { Self.root + "/.build/clients/bin/python3" }
}
