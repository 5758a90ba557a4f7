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
        get { Logger.Level.allCases[self.minimum.load(ordering: .relaxed)] }
        set { self.minimum.store(newValue.position, ordering: .relaxed) }
    }

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
            line.positional("level", event.level.rawValue)
            line.positional("message", message)
            for (key, value) in sorted { line.field(named: key.isReserved ? key + "_" : key, value.description) }
        }
    }
}

extension Logger.Level {
    fileprivate var position: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

extension String {
    /// Whether every line has a field of this name, which metadata must not repeat in a JSON object.
    fileprivate var isReserved: Bool { self == "time" || self == "level" || self == "message" }
}
