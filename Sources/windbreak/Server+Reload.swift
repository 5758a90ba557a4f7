// SPDX-License-Identifier: Apache-2.0

import Admin
import Logging
import ProxyConfiguration
import ProxyEngine

extension Server {
    /// Reads the file again and applies what changed. Whatever is wrong is logged, and then nothing has changed.
    func reload() async {
        guard let old = self.engine.snapshot?.configuration else { return }
        do throws(ConfigurationError) {
            let new = try self.file.load(toServe: true)
            do {
                try await self.apply(new, insteadOf: old)
                self.reloads.succeeded()
                self.report(new, insteadOf: old)
            } catch {
                self.reloads.failed()
                self.logger.error("[RELOAD] refused, nothing has changed: \(error)")
            }
        } catch {
            self.reloads.failed()
            self.report(error)
        }
    }

    /// The access log comes first: it is what can be taken back.
    private func apply(_ new: Configuration, insteadOf old: Configuration) async throws {
        try self.access.apply(new.log.access, format: new.log.format)
        do throws(EngineError) {
            try await self.engine.reload(new)
        } catch {
            try? self.access.apply(old.log.access, format: old.log.format)
            throw error
        }
        self.log.sink.setFormat(new.log.format)
    }

    /// One line with every change, old -> new, shown if the old level or the new one lets it through.
    private func report(_ new: Configuration, insteadOf old: Configuration) {
        let changes = new.changes(from: old)
        self.log.level = min(old.log.level, new.log.level)
        self.logger.notice(
            "[RELOAD] \(self.file.path) \(changes.isEmpty ? "has not changed" : "applied: " + changes.joined(separator: "; "))",
            metadata: ["generation": "\(self.engine.snapshot?.generation ?? 0)"]
        )
        self.warn(new)
        if new.threads != old.threads { self.logger.warning("[RELOAD] threads takes effect at the next start only") }
        if new.store.file != old.store.file {
            self.logger.warning("[RELOAD] cache.file takes effect at the next start only")
        }
        self.log.level = new.log.level
    }

    private func report(_ error: ConfigurationError) {
        for diagnostic in error.diagnostics { self.logger.error("[RELOAD] \(diagnostic.summary)") }
        let count = error.diagnostics.count + error.omitted
        self.logger.error(
            "[RELOAD] refused, nothing has changed: \(self.file.path) has \(count) error\(count == 1 ? "" : "s")"
        )
    }
}
