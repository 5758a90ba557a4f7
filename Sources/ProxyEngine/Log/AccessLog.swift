// SPDX-License-Identifier: Apache-2.0

package import Logging
package import ProxyConfiguration
import Synchronization

/// One line for each exchange, to standard output or to a file; `off` costs a look at one number.
package final class AccessLog: Sendable {
    private struct Output {
        var access: LogConfiguration.Access
        var sink: LogSink?
    }

    private let output: Mutex<Output>
    private let enabled: Atomic<Bool>
    private let logger: Logger

    /// - Parameter logger: Told when lines are lost since the disk is full or the reader gone, and when that is over.
    /// - Throws: `LogFileError` when the file cannot be opened.
    package init(
        _ access: LogConfiguration.Access,
        format: LogConfiguration.Format,
        logger: Logger
    ) throws(LogFileError) {
        self.logger = logger
        let sink = try Self.sink(access, format, logger)
        self.output = Mutex(Output(access: access, sink: sink))
        self.enabled = Atomic(sink != nil)
    }

    /// Whether lines are wanted at all, to be asked before one is made.
    package var isEnabled: Bool { self.enabled.load(ordering: .relaxed) }

    /// - Parameter account: Puts down what came of the exchange.
    func write(_ line: borrowing AccessLine, _ account: (inout LogLine) -> Void) {
        guard self.isEnabled, let sink = self.output.withLock({ $0.sink }) else { return }
        sink.write { line.write(to: &$0, account) }
    }

    /// Another destination or format, as a reload brings them; a file that stays is opened anew. If it cannot be
    /// opened, lines go on to where they went.
    package func apply(_ access: LogConfiguration.Access, format: LogConfiguration.Format) throws(LogFileError) {
        let current = self.output.withLock { $0 }
        if current.access == access {
            current.sink?.setFormat(format)
            try self.reopen()
            return
        }
        let sink = try Self.sink(access, format, self.logger)
        self.output.withLock { $0 = Output(access: access, sink: sink) }
        self.enabled.store(sink != nil, ordering: .relaxed)
        current.sink?.flush()
    }

    /// Opens the file anew, as it has to be after a rotation.
    ///
    /// - Returns: Whether there is one.
    @discardableResult
    package func reopen() throws(LogFileError) -> Bool {
        let output = self.output.withLock { $0 }
        guard case .file = output.access, let sink = output.sink else { return false }
        try sink.reopen()
        return true
    }

    /// Waits until all that was written so far has left the process, for 2 s at most.
    package func flush() {
        self.output.withLock { $0.sink }?.flush()
    }

    private static func sink(
        _ access: LogConfiguration.Access,
        _ format: LogConfiguration.Format,
        _ logger: Logger
    ) throws(LogFileError) -> LogSink? {
        let destination: LogDestination
        switch access {
        case .off: return nil
        case .stdout: destination = .standardOutput
        case .file(let path): destination = .file(path)
        }
        return try LogSink(destination, format: format) { trouble in
            if let trouble {
                logger.error("[LOG] access lines are lost: \(trouble)")
            } else {
                logger.notice("[LOG] access lines are written again")
            }
        }
    }
}
