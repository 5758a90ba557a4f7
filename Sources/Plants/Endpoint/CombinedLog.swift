// SPDX-License-Identifier: Apache-2.0

import Logging
import ProxyEngine

/// The lines that a combined endpoint writes. Their wording is a contract: operators grep for it.
struct CombinedLog: Sendable {
    let name: String
    private(set) var logger: Logger

    init(name: String, logger: Logger) {
        self.name = name
        self.logger = logger
    }

    /// With the number of the request on each line.
    func of(_ id: RequestID) -> CombinedLog {
        var log = self
        log.logger[metadataKey: "id"] = "\(id)"
        return log
    }

    func ended(_ outcome: LegOutcome) {
        switch outcome.result {
        case .answered:
            self.logger.info("[PARALLEL] \(self.name) \(outcome.leg) completed in \(outcome.duration.hundredths)")
        case .timedOut:
            self.logger.error(
                "[ERROR] \(self.name) \(outcome.leg) failed: timeout after \(outcome.duration.shortest)"
            )
        case .failed(let reason):
            self.logger.error("[ERROR] \(self.name) \(outcome.leg) failed: \(reason)")
        case .skipped, .unavailable:
            // `Degradation` tells.
            break
        }
    }

    func completed(in duration: Duration) {
        self.logger.info("[PERF] \(self.name) completed in \(duration.hundredths)")
    }

    func isOpen(_ leg: String, usingOnly others: [String]) {
        self.logger.warning(
            "[CIRCUIT] DEGRADED: \(leg) circuit OPEN - using \(others.joined(separator: ", ")) only"
        )
    }

    func allOpen() {
        self.logger.error(
            "[CIRCUIT] DEGRADED: every circuit of \(self.name) is OPEN - no identification source available"
        )
    }

    func callingOnly(_ legs: [String], without missing: [LegOutcome]) {
        let reasons = missing.map { "\($0.leg) \($0.status == "skipped" ? $0.reason ?? "" : $0.status)" }
        self.logger.info(
            """
            [FALLBACK] \(self.name) calling \(legs.joined(separator: ", ")) only \
            (\(reasons.joined(separator: ", ")))
            """
        )
    }
}

/// Tells once for each leg that was not called that the others have to do.
struct Degradation {
    private let legs: [String]
    private var reported: Set<String> = []

    init(legs: [String]) { self.legs = legs }

    mutating func report(_ outcomes: [LegOutcome], to log: CombinedLog) {
        let missing = self.legs.compactMap { leg in
            outcomes.first { $0.leg == leg && ($0.status == "skipped" || $0.status == "unavailable") }
        }
        let new = missing.filter { !self.reported.contains($0.leg) }
        guard !new.isEmpty else { return }
        self.reported.formUnion(new.map(\.leg))
        let others = self.legs.filter { leg in !missing.contains { $0.leg == leg } }
        guard !others.isEmpty else {
            if missing.contains(where: { $0.reason == "circuit-open" }) { log.allOpen() }
            return
        }
        for outcome in new where outcome.reason == "circuit-open" { log.isOpen(outcome.leg, usingOnly: others) }
        log.callingOnly(others, without: missing)
    }
}

extension Duration {
    /// Seconds with two decimals: `0.84s`.
    var hundredths: String {
        let (seconds, attoseconds) = self.components
        let hundredths = seconds * 100 + (attoseconds + 5_000_000_000_000_000) / 10_000_000_000_000_000
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)s"
    }

    /// The same without decimals that say nothing: `20s`.
    var shortest: String {
        let text = self.hundredths
        return text.hasSuffix(".00s") ? "\(text.dropLast(4))s" : text
    }
}
