// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Plants

@Suite("The merge of answers")
struct CombinedSuggestionTests {
    private let legs = ["plant_id", "plantnet", "third"]

    private func answer(_ suggestions: (String, Double)...) -> LegAnswer {
        LegAnswer(suggestions: suggestions.map { .init(scientificName: $0.0, probability: $0.1) })
    }

    private func names(_ answers: [String: LegAnswer]) -> [String] {
        CombinedSuggestion.merge(answers, legs: self.legs).map(\.scientificName)
    }

    @Test("puts what is agreed on before what is certain to one")
    func agreement() {
        let answers = [
            "plant_id": self.answer(("Aloe vera", 0.4), ("Agave americana", 0.9)),
            "plantnet": self.answer(("aloe vera (L.) Burm.f.", 0.3), ("Yucca gigantea", 0.95)),
        ]
        #expect(self.names(answers) == ["Aloe vera", "Yucca gigantea", "Agave americana"])
    }

    @Test("decides equal ones by the order of the legs, then by name")
    func ties() {
        let answers = [
            "plant_id": self.answer(("Cc c", 0.5), ("Bb b", 0.5)), "plantnet": self.answer(("Aa a", 0.5)),
        ]
        #expect(self.names(answers) == ["Bb b", "Cc c", "Aa a"])
    }

    @Test("keeps every score, and takes the highest for the whole")
    func scores() throws {
        let answers = [
            "plant_id": self.answer(("Aloe vera", 0.91)), "plantnet": self.answer(("Aloe vera", 0.97)),
        ]
        let merged = try #require(CombinedSuggestion.merge(answers, legs: self.legs).first)
        #expect(merged.sources == [.init(leg: "plant_id", score: 0.91), .init(leg: "plantnet", score: 0.97)])
        #expect(merged.probability == 0.97)
        #expect(merged.bestSource == "plantnet")
    }

    @Test("unites names in the order of the legs, and fills in what the first does not know")
    func details() throws {
        let one = LegAnswer.Suggestion(
            scientificName: "Aloe vera",
            probability: 0.9,
            commonNames: ["Aloe", "True aloe"],
            genus: "Aloe"
        )
        let other = LegAnswer.Suggestion(
            scientificName: "Aloe vera",
            probability: 0.8,
            commonNames: ["aloe", "Medicine plant"],
            family: "Asphodelaceae",
            genus: "Other"
        )
        let answers = ["plantnet": LegAnswer(suggestions: [other]), "plant_id": LegAnswer(suggestions: [one])]
        let merged = try #require(CombinedSuggestion.merge(answers, legs: self.legs).first)
        #expect(merged.commonNames == ["Aloe", "True aloe", "Medicine plant"])
        #expect(merged.family == "Asphodelaceae")
        #expect(merged.genus == "Aloe")
    }

    @Test("counts a leg once, however often it names a plant")
    func duplicates() throws {
        let answers = ["plant_id": self.answer(("Rosa x alba", 0.2), ("Rosa × alba", 0.6))]
        let merged = CombinedSuggestion.merge(answers, legs: self.legs)
        #expect(merged.count == 1)
        #expect(merged.first?.sources == [.init(leg: "plant_id", score: 0.6)])
    }

    @Test("does not depend on who answered first, loses no plant and invents none")
    func orderOfArrival() {
        let seed: UInt64 = 20_251_022
        var generator = SeededGenerator(seed: seed)
        let plants = [
            "Aloe vera", "aloe vera", "Aloe × vera", "Rosa canina L.", "Rosa Canina", "Rosa", "Mentha x piperita",
        ]
        for round in 0..<300 {
            let outcomes = self.legs.map { leg in
                let suggestions = (0..<Int.random(in: 0...4, using: &generator)).map { _ in
                    LegAnswer.Suggestion(
                        scientificName: plants.randomElement(using: &generator) ?? "",
                        probability: Double(Int.random(in: 0...4, using: &generator)) / 4
                    )
                }
                return LegOutcome(
                    leg: leg,
                    result: .answered(LegAnswer(suggestions: suggestions), cached: false),
                    duration: .zero
                )
            }
            let expected = CombinedReport(outcomes, legs: self.legs, total: .zero)
            for _ in 0..<4 {
                let shuffled = outcomes.shuffled(using: &generator)
                let report = CombinedReport(shuffled, legs: self.legs, total: .zero)
                #expect(report == expected && report.json == expected.json, "seed \(seed), round \(round)")
            }
            let given = Set(outcomes.flatMap { $0.answer?.suggestions ?? [] }.map { ScientificName($0.scientificName) })
            let merged = expected.suggestions.map { ScientificName($0.scientificName) }
            #expect(Set(merged) == given && merged.count == given.count, "seed \(seed), round \(round)")
            let ranks = expected.suggestions.map { ($0.sources.count, $0.probability) }
            #expect(zip(ranks, ranks.dropFirst()).allSatisfy { $0 >= $1 }, "seed \(seed), round \(round)")
        }
    }
}
