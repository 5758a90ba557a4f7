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
    /// How many of the two are at their end.
    private let closed = Watched(0)
    let identifier: Int32

    /// - Parameter executable: Another program than windbreak.
    /// - Parameter environment: In place of the test's own.
    /// - Parameter files: How many files it may open; nil is as many as the test.
    init(
        _ arguments: [String],
        executable: String? = nil,
        environment: [String: String] = [:],
        files: Int? = nil
    ) throws {
        // What other tests have open is inherited. It would count; and when they close it, it would stay open here, and no
        // peer of theirs would hear of the end.
        let script = """
            for fd in /proc/$$/fd/*; do fd=${fd##*/}; if ((fd > 2)); then exec {fd}>&-; fi; done
            if [ "$1" ]; then ulimit -n "$1" || exit; fi
            exec "${@:2}"
            """
        let program = executable ?? Self.sibling("windbreak")
        let words = ["/bin/bash", "-c", script, "bash", files.map(String.init) ?? "", program] + arguments
        let (log, output, identifier) = try Self.spawning.withLock { _ in
            let (log, output) = (try Pipe(), try Pipe())
            defer {
                close(log.writing)
                close(output.writing)
            }
            let identifier = try Self.spawn(words, environment, output: output.writing, errors: log.writing)
            return (log.reading, output.reading, identifier)
        }
        self.identifier = identifier
        Self.read(log, into: self.log, self.closed)
        Self.read(output, into: self.output, self.closed)
        let status = self.status
        Thread.detachNewThread {
            var result: Int32 = 0
            while waitpid(identifier, &result, 0) == -1, errno == EINTR {}
            let signal = result & 0x7F
            status.update { [result] in $0 = signal == 0 ? result >> 8 & 0xFF : -signal }
        }
    }

    /// A product beside the bundle of tests.
    static func sibling(_ name: String) -> String {
        #if os(macOS)
        Bundle(for: WindbreakProcess.self).bundleURL.deletingLastPathComponent().appending(path: name).path()
        #else
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
            .path()
        #endif
    }

    private struct Pipe {
        let reading: Int32
        let writing: Int32

        /// Of no concern to other processes that tests start at the same time.
        init() throws {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw CannotSpawn(code: errno) }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            (self.reading, self.writing) = (ends[0], ends[1])
        }
    }

    struct CannotSpawn: Error { let code: Int32 }

    /// One at a time: between making a pipe and marking it as private, another process could inherit it.
    private static let spawning = Mutex(())

    private static func spawn(
        _ command: [String],
        _ environment: [String: String],
        output: Int32,
        errors: Int32
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // A thread of the test's may have blocked signals.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        let words = command.map { strdup($0) }
        let variables = environment.map { strdup("\($0)=\($1)") }
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let code = posix_spawn(&identifier, command[0], &actions, &attributes, words + [nil], variables + [nil])
        guard code == 0 else { throw CannotSpawn(code: code) }
        return identifier
    }

    private static func read(_ descriptor: Int32, into lines: Watched<[String]>, _ closed: Watched<Int>) {
        Thread.detachNewThread {
            var rest: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = Foundation.read(descriptor, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += piece[..<count]
                let end = rest.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
                let complete = rest[..<end].split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
                rest.removeFirst(end)
                if !complete.isEmpty { lines.update { $0 += complete } }
            }
            close(descriptor)
            closed.update { $0 += 1 }
        }
    }

    func send(_ signal: Int32) { kill(self.identifier, signal) }

    /// The exit status, when all that was written has been read; minus the signal's number if a signal ended it.
    func end(upTo limit: Duration = .seconds(20)) async throws -> Int32 {
        try await self.closed.wait(for: "the end of what windbreak writes", upTo: limit) { $0 == 2 ? true : nil }
        return try await self.status.wait(for: "windbreak to end") { $0 }
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
    try await windbreak(arguments, environment: environment)
}

func windbreak(
    _ arguments: [String],
    environment: [String: String] = [:]
) async throws -> (status: Int32, output: String, errors: String) {
    let process = try WindbreakProcess(arguments, environment: environment)
    defer { process.send(SIGKILL) }
    let status = try await process.end()
    return (status, process.output.value.joined(separator: "\n"), process.log.value.joined(separator: "\n"))
}
