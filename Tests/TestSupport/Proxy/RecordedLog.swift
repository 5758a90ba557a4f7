// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Keeps every line that is logged, for tests to look at and to wait for.
package struct RecordedLog: Sendable {
    package let lines = Watched<[String]>([])

    package init() {}

    package var logger: Logger {
        let lines = self.lines
        var logger = Logger(label: "test") { _ in Handler(lines: lines) }
        logger.logLevel = .trace
        return logger
    }

    package func count(of text: String) -> Int {
        self.lines.value.count { $0.contains(text) }
    }

    /// Waits for a line with this text in it.
    @discardableResult
    package func line(_ text: String) async throws -> String {
        try await self.lines.wait(for: "the line \(text.debugDescription)") { lines in
            lines.first { $0.contains(text) }
        }
    }

    private struct Handler: LogHandler {
        let lines: Watched<[String]>
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.level) \(event.message)"
            self.lines.update { $0.append(line) }
        }
    }
}
