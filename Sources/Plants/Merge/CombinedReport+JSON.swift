// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension JSON {
    init(text: String?) { self = text.map { .string($0) } ?? .null }

    /// Seconds to the millisecond.
    static func seconds(_ duration: Duration) -> JSON {
        let (seconds, attoseconds) = duration.components
        let milliseconds = seconds * 1000 + (attoseconds + 500_000_000_000_000) / 1_000_000_000_000_000
        return .double(Double(milliseconds) / 1000)
    }
}

extension CombinedSuggestion {
    func json(rank: Int) -> JSON {
        [
            "rank": .int(rank),
            "scientific_name": .string(self.scientificName),
            "plant_name": .string(self.commonNames.first ?? self.scientificName),
            "probability": .double(self.probability),
            "common_names": .array(self.commonNames.map { .string($0) }),
            "family": JSON(text: self.family),
            "genus": JSON(text: self.genus),
            "sources": .object(self.sources.map { .init(name: $0.leg, value: .double($0.score)) }),
        ]
    }
}

extension LegOutcome {
    var json: JSON {
        [
            "status": .string(self.status),
            "reason": JSON(text: self.reason),
            "cached": .bool(self.isCached),
            "seconds": .seconds(self.duration),
        ]
    }
}

extension LegAnswer {
    func json(source: String) -> JSON {
        let suggestions = self.suggestions.map(\.json)
        return [
            "source": .string(source),
            "suggestions": .array(suggestions),
            "top_suggestion": suggestions.first ?? .null,
            "confidence": .double(self.suggestions.first?.probability ?? 0),
            "health_assessment": self.health?.json(source: source) ?? .null,
        ]
    }
}

extension LegAnswer.Suggestion {
    fileprivate var json: JSON {
        [
            "scientific_name": .string(self.scientificName),
            "plant_name": .string(self.commonNames.first ?? self.scientificName),
            "probability": .double(self.probability),
            "common_names": .array(self.commonNames.map { .string($0) }),
            "family": JSON(text: self.family),
            "genus": JSON(text: self.genus),
        ]
    }
}

extension LegAnswer.Health {
    /// The most probable disease beside the list of all, which is how the first users of the endpoint read it.
    func json(source: String) -> JSON {
        let first = self.diseases.first
        return [
            "source": .string(source),
            "is_healthy": self.isHealthy.map { .bool($0) } ?? .null,
            "disease_name": JSON(text: first?.name),
            "probability": first.map { .double($0.probability) } ?? .null,
            "description": JSON(text: first?.description),
            "treatment": JSON(text: first?.treatment),
            "diseases": .array(self.diseases.map(\.json)),
        ]
    }
}

extension LegAnswer.Disease {
    fileprivate var json: JSON {
        [
            "name": .string(self.name),
            "probability": .double(self.probability),
            "description": JSON(text: self.description),
            "treatment": JSON(text: self.treatment),
        ]
    }
}
