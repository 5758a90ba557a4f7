// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport

/// The built command in a process of its own, watched line by line.
final class WindbreakProcess: Sendable {
    /// The lines of standard error.
    let log = Watched<[String]>([])
    /// The lines of standard output.
    let output = Watched<[String]>([])
    private let status = Watched<Int32?>(nil)
    let identifier: Int32

    /// - Parameter environment: In place of the test's own.
    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardError = Self.pipe(to: self.log)
        process.standardOutput = Self.pipe(to: self.output)
        let status = self.status
        process.terminationHandler = { ended in
            let isSignalled = ended.terminationReason == .uncaughtSignal
            status.update { $0 = isSignalled ? -ended.terminationStatus : ended.terminationStatus }
        }
        try process.run()
        self.identifier = process.processIdentifier
    }

    /// Beside the bundle of tests.
    private static var executable: URL {
        #if os(macOS)
        Bundle(for: WindbreakProcess.self).bundleURL.deletingLastPathComponent().appending(path: "windbreak")
        #else
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "windbreak")
        #endif
    }

    private static func pipe(to lines: Watched<[String]>) -> Pipe {
        let pipe = Pipe()
        let rest = Mutex<[UInt8]>([])
        pipe.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { handle.readabilityHandler = nil }
            let complete = rest.withLock { rest in
                rest += data
                let end = data.isEmpty ? rest.endIndex : rest.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
                let complete = rest[..<end].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
                rest.removeFirst(end)
                return complete
            }
            if !complete.isEmpty { lines.update { $0 += complete } }
        }
        return pipe
    }

    func send(_ signal: Int32) { kill(self.identifier, signal) }

    /// The exit status; minus the signal's number if a signal ended it.
    func end() async throws -> Int32 {
        try await self.status.wait(for: "windbreak to end") { $0 }
    }

    var isRunning: Bool { self.status.value == nil }

    /// Waits for a line of the log that contains all of these words.
    @discardableResult
    func line(_ words: String..., after count: Int = 0) async throws -> String {
        do {
            return try await self.log.wait(for: "a line with \(words)") { lines in
                lines.dropFirst(count).first { line in words.allSatisfy { line.contains($0) } }
            }
        } catch {
            throw TooLate(what: "a line with \(words) in:\n\(self.log.value.joined(separator: "\n"))")
        }
    }
}

/// Runs the command to its end.
func windbreak(
    _ arguments: String...,
    environment: [String: String] = [:]
) async throws -> (status: Int32, output: String, errors: String) {
    let process = try WindbreakProcess(arguments, environment: environment)
    defer { process.send(SIGKILL) }
    let status = try await process.end()
    return (status, process.output.value.joined(separator: "\n"), process.log.value.joined(separator: "\n"))
}
