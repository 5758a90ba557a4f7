// SPDX-License-Identifier: Apache-2.0

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

    /// - Throws: `LogFileError` when the file cannot be opened.
    package init(_ access: LogConfiguration.Access, format: LogConfiguration.Format) throws(LogFileError) {
        let sink = try Self.sink(access, format)
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
            return try self.reopen()
        }
        let sink = try Self.sink(access, format)
        self.output.withLock { $0 = Output(access: access, sink: sink) }
        self.enabled.store(sink != nil, ordering: .relaxed)
        current.sink?.flush()
    }

    /// Opens the file anew, as it has to be after a rotation.
    package func reopen() throws(LogFileError) {
        try self.output.withLock { $0.sink }?.reopen()
    }

    /// Waits until all that was written so far has left the process, for 2 s at most.
    package func flush() {
        self.output.withLock { $0.sink }?.flush()
    }

    private static func sink(
        _ access: LogConfiguration.Access,
        _ format: LogConfiguration.Format
    ) throws(LogFileError) -> LogSink? {
        switch access {
        case .off: nil
        case .stdout: try LogSink(.standardOutput, format: format)
        case .file(let path): try LogSink(.file(path), format: format)
        }
    }
}
