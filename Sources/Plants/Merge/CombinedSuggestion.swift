// SPDX-License-Identifier: Apache-2.0

/// One plant with everything that the legs say about it.
struct CombinedSuggestion: Sendable, Equatable {
    /// As the first leg that has it writes it.
    var scientificName: String
    var commonNames: [String] = []
    var family: String?
    var genus: String?
    /// In the order of the legs; at least one.
    var sources: [Source] = []

    struct Source: Sendable, Equatable {
        var leg: String
        var score: Double
    }

    /// The highest of the scores. The legs' scales differ, so that neither a mean nor a product would mean anything.
    var probability: Double { self.sources.reduce(0) { max($0, $1.score) } }

    /// The leg with the highest score; of equal ones the first.
    var bestSource: String? {
        self.sources.first { $0.score == self.probability }?.leg
    }
}

extension CombinedSuggestion {
    /// One list from the answers of all legs, best first.
    ///
    /// A plant on which more legs agree comes before one with a higher score; then decide the probability, the order of
    /// the legs, and the name. So the result depends on what was answered, never on who was quicker.
    ///
    /// - Parameter legs: In the order of trust; answers of others are not looked at.
    static func merge(_ answers: [String: LegAnswer], legs: [String]) -> [CombinedSuggestion] {
        var merged: [ScientificName: (suggestion: CombinedSuggestion, firstLeg: Int)] = [:]
        for (index, leg) in legs.enumerated() {
            for suggestion in answers[leg]?.suggestions ?? [] {
                let name = ScientificName(suggestion.scientificName)
                merged[
                    name,
                    default: (CombinedSuggestion(scientificName: suggestion.scientificName), index)
                ].suggestion.add(suggestion, of: leg)
            }
        }
        return merged.sorted { left, right in
            let (one, other) = (left.value, right.value)
            if one.suggestion.sources.count != other.suggestion.sources.count {
                return one.suggestion.sources.count > other.suggestion.sources.count
            }
            if one.suggestion.probability != other.suggestion.probability {
                return one.suggestion.probability > other.suggestion.probability
            }
            return (one.firstLeg, left.key.key) < (other.firstLeg, right.key.key)
        }.map(\.value.suggestion)
    }

    private mutating func add(_ suggestion: LegAnswer.Suggestion, of leg: String) {
        if let index = self.sources.firstIndex(where: { $0.leg == leg }) {
            self.sources[index].score = max(self.sources[index].score, suggestion.probability)
        } else {
            self.sources.append(Source(leg: leg, score: suggestion.probability))
        }
        for name in suggestion.commonNames
        where !self.commonNames.contains(where: { $0.lowercased() == name.lowercased() }) {
            self.commonNames.append(name)
        }
        self.family = self.family ?? suggestion.family
        self.genus = self.genus ?? suggestion.genus
    }
}
