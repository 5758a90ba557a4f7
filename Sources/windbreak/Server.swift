// SPDX-License-Identifier: Apache-2.0

import Admin
import HTTPMessage
import Logging
import Plants
import ProxyConfiguration
import ProxyEngine

/// The engine with its logs and the file it runs by.
final class Server: Sendable {
    let file: ConfigurationFile
    let log: ServerLog
    let logger: Logger
    let access: AccessLog
    let engine: Engine
    let reloads = ReloadStatus()

    /// - Throws: `LogFileError` when the access log cannot be opened.
    init(_ file: ConfigurationFile, _ configuration: Configuration) throws(LogFileError) {
        let sink = try LogSink(.standardError, format: configuration.log.format)
        let log = ServerLog(sink, level: configuration.log.level)
        let logger = log.logger()
        let access = try AccessLog(configuration.log.access, format: configuration.log.format, logger: logger)
        let reloads = self.reloads
        self.file = file
        self.log = log
        self.logger = logger
        self.access = access
        self.engine = Engine(
            threads: configuration.threads,
            logger: logger,
            access: access,
            mainRoutes: { AdminRoutes.main($0) + $0.combinedRoutes(logger) },
            adminRoutes: { AdminRoutes.admin($0, reloads: reloads) }
        )
    }

    func start(_ configuration: Configuration) async throws(EngineError) {
        do throws(EngineError) {
            try await self.engine.start(configuration)
        } catch {
            self.flushLogs()
            throw error
        }
        self.warn(configuration)
        self.logger.notice("windbreak \(BuildInfo.version) listening on \(self.addresses)")
    }

    /// Finishes what runs, within the time that the configuration gives.
    func stop(because signal: some CustomStringConvertible) async {
        let limit = self.engine.snapshot?.configuration.drainTimeout ?? .zero
        self.logger.notice("[STOP] \(signal): finishing what runs, for \(Quantity.text(limit)) at most")
        let cut = await self.engine.drain(within: limit)
        self.logger.notice("[STOP] windbreak ends", metadata: ["connections_cut": "\(cut)"])
        self.flushLogs()
    }

    func endedInHaste(by signal: some CustomStringConvertible) {
        self.logger.warning("[STOP] \(signal) again: windbreak ends at once")
        self.flushLogs()
    }

    func reopenLogs() {
        do throws(LogFileError) {
            let isFile = try self.access.reopen()
            self.logger.info(
                "[LOG] \(isFile ? "access log opened anew" : "no file has access lines: nothing to open anew")"
            )
        } catch {
            self.logger.error("[LOG] \(error)")
        }
    }

    func warn(_ configuration: Configuration) {
        for warning in configuration.warnings { self.logger.warning("[CONFIG] \(warning.summary)") }
    }

    private func flushLogs() {
        self.access.flush()
        self.log.sink.flush()
    }

    /// With the ports that the system chose, where it was left the choice.
    private var addresses: String {
        let main = self.engine.mainURLs.joined(separator: ", ")
        return self.engine.adminURL.map { "\(main), admin \($0)" } ?? main
    }
}

extension Snapshot {
    fileprivate func combinedRoutes(_ logger: Logger) -> [LocalRoute] {
        self.configuration.combined.map { combined in
            let endpoint = CombinedEndpoint(combined, legs: combined.legs.compactMap { self[$0] }, logger: logger)
            return LocalRoute(path: combined.path, methods: [.post], handler: endpoint)
        }
    }
}
