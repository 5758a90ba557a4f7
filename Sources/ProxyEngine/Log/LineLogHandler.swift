// SPDX-License-Identifier: Apache-2.0

package import Logging
package import ProxyConfiguration
import Synchronization

/// The log of the process: one sink for all loggers, whose level and format a reload may change.
package final class ServerLog: Sendable {
    package let sink: LogSink
    /// The position among all levels.
    private let minimum: Atomic<Int>

    package init(_ sink: LogSink, level: Logger.Level) {
        self.sink = sink
        self.minimum = Atomic(level.position)
    }

    package var level: Logger.Level {
        get { Self.levels[self.minimum.load(ordering: .relaxed)] }
        set { self.minimum.store(newValue.position, ordering: .relaxed) }
    }

    /// `allCases` would be a new array for every line.
    private static let levels = Logger.Level.allCases

    package func apply(_ configuration: LogConfiguration) {
        self.level = configuration.level
        self.sink.setFormat(configuration.format)
    }

    package func logger(label: String = "windbreak") -> Logger {
        Logger(label: label) { _ in LineLogHandler(self) }
    }
}

/// Writes log messages as lines: `2026-01-01T00:00:00.000Z warning [CIRCUIT] plant_id ... key=value`, or as JSON.
package struct LineLogHandler: LogHandler {
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let log: ServerLog
    /// Set by who wants another level for one logger.
    private var ownLevel: Logger.Level?

    package init(_ log: ServerLog) { self.log = log }

    package var logLevel: Logger.Level {
        get { self.ownLevel ?? self.log.level }
        set { self.ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = self.metadata
        if let provided = self.metadataProvider?.get() { fields.merge(provided) { $1 } }
        if let own = event.metadata { fields.merge(own) { $1 } }
        if let error = event.error { fields["error"] = "\(error)" }
        let message = event.message.description
        let sorted = fields.isEmpty ? [] : fields.sorted { $0.key < $1.key }
        self.log.sink.write { line in
            line.positional("level", word: event.level.rawValue)
            line.positional("message", message)
            for (key, value) in sorted { line.field(named: key.isReserved ? key + "_" : key, value.description) }
        }
    }
}

/// The way to the log for lines of which every request has one: straight to the sink where the log is ours, since
/// what a logger can do besides costs more than the line.
struct RequestLog: Sendable {
    private let logger: Logger
    private let own: ServerLog?

    init(_ logger: Logger) {
        self.logger = logger
        self.own = (logger.handler as? LineLogHandler)?.plain
    }

    /// In pieces that have nothing to escape; whoever makes one string of them pays for it.
    typealias Message = (String, String, String)

    func write(_ level: Logger.Level, _ message: Message) {
        guard let own = self.own else {
            return self.logger.log(level: level, "\(message.0)\(message.1)\(message.2)")
        }
        if level >= own.level { own.sink.write { $0.write(level, message) } }
    }

    /// Writes a line that was perhaps written before.
    ///
    /// - Parameter excerpt: What is kept of it from one time to the next.
    func write(_ level: Logger.Level, again excerpt: inout LogLine.Excerpt?, _ message: @autoclosure () -> Message) {
        guard let own = self.own else { return self.write(level, message()) }
        if level >= own.level { own.sink.write { $0.again(&excerpt) { $0.write(level, message()) } } }
    }
}

extension LogLine {
    fileprivate mutating func write(_ level: Logger.Level, _ message: RequestLog.Message) {
        self.positional("level", word: level.rawValue)
        self.positional("message", words: message.0, message.1, message.2)
    }
}

extension LineLogHandler {
    /// The log behind it, if it adds nothing to a line.
    fileprivate var plain: ServerLog? {
        self.ownLevel == nil && self.metadata.isEmpty && self.metadataProvider == nil ? self.log : nil
    }
}

extension Logger.Level {
    fileprivate var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension String {
    /// Whether every line has a field of this name, which metadata must not repeat in a JSON object.
    fileprivate var isReserved: Bool { self == "time" || self == "level" || self == "message" }
}
