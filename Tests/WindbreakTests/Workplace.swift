// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A directory of its own for one test, with the file that windbreak runs by.
struct Workplace: Sendable {
    let directory: URL

    init() throws {
        self.directory = FileManager.default.temporaryDirectory.appending(path: "windbreak-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
    }

    func remove() { try? FileManager.default.removeItem(at: self.directory) }

    func path(_ name: String) -> String { self.directory.appending(path: name).path() }

    var configuration: String { self.path("config.yaml") }

    func write(_ text: String, to name: String = "config.yaml") throws {
        try Data(text.utf8).write(to: self.directory.appending(path: name), options: .atomic)
    }

    func read(_ name: String) -> String? {
        try? String(contentsOf: self.directory.appending(path: name), encoding: .utf8)
    }

    /// A file with one upstream, on ports that the system chooses.
    static func file(
        upstream url: String,
        listen: String = "127.0.0.1:0",
        more: String = "",
        breaker: String = ""
    )
        -> String
    {
        """
        listen: \(listen)
        admin: 127.0.0.1:0
        \(more)
        upstreams:
          origin:
            url: \(url)
            breaker: {fail_max: 3, reset_timeout: 60s\(breaker)}
        """
    }
}

/// A windbreak that serves, with the ports it has chosen.
struct Serving: Sendable {
    let process: WindbreakProcess
    let port: Int
    let adminPort: Int

    init(
        _ workplace: Workplace,
        _ arguments: String...,
        environment: [String: String] = [:],
        files: Int? = nil
    )
        async throws
    {
        let process = try WindbreakProcess(
            ["serve", "--config", workplace.configuration] + arguments,
            environment: environment,
            files: files
        )
        self.process = process
        let line: String
        do {
            line = try await process.line("listening on http://127.0.0.1:")
        } catch {
            process.send(SIGKILL)
            throw error
        }
        let ports = line.split(separator: "127.0.0.1:").dropFirst().map { Int($0.prefix(while: \.isNumber)) ?? 0 }
        self.port = ports.first ?? 0
        self.adminPort = ports.dropFirst().first ?? 0
    }

    /// One request on a connection of its own.
    func get(_ target: String) async throws -> TestResponse {
        let client = try await TestClient(to: self.port)
        let response = try await client.exchange("GET", target)
        await client.close()
        return response
    }

    /// Has it read its file again, and waits for the verdict.
    @discardableResult
    func reload(until words: String = "[RELOAD]") async throws -> String {
        let count = self.process.log.value.count
        self.process.send(SIGHUP)
        return try await self.process.line("[RELOAD]", words, after: count)
    }

    /// Ends it whatever it does, for `defer`.
    func kill() { self.process.send(SIGKILL) }
}
