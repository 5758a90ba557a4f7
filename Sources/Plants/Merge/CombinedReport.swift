// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// The answer of a combined endpoint, made of how its legs ended.
///
/// It has one shape whatever happened; `error` stands in it where no leg answered, which is another thing than that no
/// leg knows the plant.
struct CombinedReport: Sendable, Equatable {
    /// In the order of the configuration.
    let outcomes: [LegOutcome]
    let suggestions: [CombinedSuggestion]
    let total: Duration

    /// - Parameter outcomes: One for each leg, in any order.
    init(_ outcomes: [LegOutcome], legs: [String], total: Duration) {
        self.outcomes = legs.compactMap { leg in outcomes.first { $0.leg == leg } }
        let answers = outcomes.compactMap { outcome in outcome.answer.map { (outcome.leg, $0) } }
        self.suggestions = CombinedSuggestion.merge(Dictionary(answers) { first, _ in first }, legs: legs)
        self.total = total
    }

    var isDegraded: Bool { self.outcomes.contains { $0.answer == nil } }

    /// 200 as soon as one leg answered. Else the worst that was tried speaks: a failure (502) before a deadline (504)
    /// before a closed door (503).
    var status: Int {
        if self.outcomes.contains(where: { $0.answer != nil }) { return 200 }
        if self.outcomes.contains(where: { if case .failed = $0.result { true } else { false } }) { return 502 }
        return self.outcomes.contains { $0.result == .timedOut } ? 504 : 503
    }

    /// The word for it in the access line; nil for 200.
    var reason: String? {
        switch self.status {
        case 200: nil
        case 502: "legs-failed"
        case 504: "timeout"
        default: "legs-unavailable"
        }
    }

    /// Seconds until the first leg can be asked again, for a 503.
    var retryAfter: Int? {
        self.status == 503 ? self.outcomes.compactMap(\.retryAfter).min() : nil
    }

    var json: JSON {
        let best = self.suggestions.first
        let source = best?.bestSource
        var members: [JSON.Member] = [
            .init(name: "primary_identification", value: self.primary(source)),
            .init(
                name: "combined_suggestions",
                value: .array(self.suggestions.enumerated().map { $1.json(rank: $0 + 1) })
            ),
            .init(name: "disease_detection", value: self.diseaseDetection),
            .init(name: "confidence_score", value: .double(best?.probability ?? 0)),
            .init(name: "source", value: JSON(text: source)),
            .init(name: "degraded", value: .bool(self.isDegraded)),
            .init(
                name: "providers",
                value: .object(self.outcomes.map { .init(name: $0.leg, value: $0.json) })
            ),
            .init(name: "timing", value: ["total": .seconds(self.total)]),
        ]
        if let error = self.error { members.append(.init(name: "error", value: .string(error))) }
        return .object(members)
    }

    /// The whole answer of the leg that is most certain of the first suggestion.
    private func primary(_ source: String?) -> JSON {
        guard let source, let answer = self.outcomes.first(where: { $0.leg == source })?.answer else { return .null }
        return answer.json(source: source)
    }

    /// What the first leg says that looked for diseases.
    private var diseaseDetection: JSON {
        for outcome in self.outcomes {
            if let health = outcome.answer?.health { return health.json(source: outcome.leg) }
        }
        return .null
    }

    private var error: String? {
        let legs = self.outcomes.map { "\($0.leg) (\($0.reason ?? $0.status))" }.joined(separator: ", ")
        switch self.status {
        case 200: return nil
        case 502: return "No identification: every source failed: \(legs). This says nothing about the image."
        case 504: return "No identification: no source answered in time: \(legs). This says nothing about the image."
        default:
            let retry = self.retryAfter.map { " Try again in \($0) s." } ?? ""
            return "No identification: no source is available: \(legs). This says nothing about the image.\(retry)"
        }
    }
}
