// SPDX-License-Identifier: Apache-2.0

/// What Plant.id says about a finding.
enum PlantIDAnswer {
    /// The five most probable species; their scores add up to 1. None for what is no plant.
    static func scores(_ finding: Finding) -> [(Species, Double)] {
        guard finding.isPlant else { return [] }
        let best = 0.8 + 0.18 * finding.chance("plant_id")
        let shares = [1, 0.5, 0.3, 0.15, 0.05].map { $0 / 2 * (1 - best) }
        return Array(zip(finding.species, [best] + shares.prefix(4)))
    }

    static func plantProbability(_ finding: Finding) -> Double {
        finding.isPlant ? 0.95 + 0.05 * finding.chance("is_plant") : 0.04 * finding.chance("is_plant")
    }

    static func healthProbability(_ finding: Finding) -> Double {
        finding.isHealthy ? 0.6 + 0.4 * finding.chance("healthy") : 0.4 * finding.chance("healthy")
    }

    static func result(_ identification: Identification, details: Set<String>) -> JSON {
        let finding = identification.finding
        var result: JSON = [
            "is_plant": [
                "probability": Self.plantProbability(finding).score, "binary": .bool(finding.isPlant), "threshold": 0.5,
            ]
        ]
        if identification.health != .only {
            let suggestions = Self.scores(finding).map { species, score in
                Self.suggestion(species, score, identification, details: details)
            }
            result.set("classification", ["suggestions": .array(suggestions)])
        }
        let wantsHealth =
            switch identification.health {
            case .none: false
            case .all, .only: true
            case .auto: !finding.isHealthy
            }
        if wantsHealth {
            let probability = Self.healthProbability(finding)
            result.set(
                "is_healthy",
                ["probability": probability.score, "binary": .bool(finding.isHealthy), "threshold": 0.525]
            )
            result.set("disease", ["suggestions": Self.diseases(finding, details: details)])
        }
        return result
    }

    private static func suggestion(
        _ species: Species,
        _ score: Double,
        _ identification: Identification,
        details: Set<String>
    ) -> JSON {
        let id = String(species.name.utf8.reduce(UInt64(7)) { $0 &* 31 &+ UInt64($1) }, radix: 16)
        var suggestion: JSON = [
            "id": .string(id), "name": .string(species.name), "probability": score.score,
        ]
        if identification.input.wantsSimilarImages {
            suggestion.set("similar_images", [Self.similarImage(id)])
        }
        let offered: [(String, JSON)] = [
            ("common_names", .array(species.commonNames.map { .string($0) })),
            (
                "taxonomy",
                ["class": "Magnoliopsida", "genus": .string(species.genus), "family": .string(species.family)]
            ),
            ("url", .string("https://en.wikipedia.org/wiki/\(species.name.replacing(" ", with: "_"))")),
            ("description", Self.description(species)),
            ("name_authority", .string(species.fullName)),
            ("rank", "species"),
            ("synonyms", nil),
            ("edible_parts", nil),
            ("watering", ["min": .int(species.watering.lowerBound), "max": .int(species.watering.upperBound)]),
            ("propagation_methods", ["seeds", "cuttings"]),
        ]
        var shown: JSON = .object(offered.filter { details.contains($0.0) }.map { ($0.0, $0.1) })
        shown.set("language", "en")
        shown.set("entity_id", .string(id))
        suggestion.set("details", shown)
        return suggestion
    }

    private static func similarImage(_ id: String) -> JSON {
        [
            "id": .string(id), "url": .string("https://plant-id.example/\(id).jpg"),
            "url_small": .string("https://plant-id.example/\(id).small.jpg"), "similarity": 0.7,
            "license_name": "CC0", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
            "citation": "Simulator",
        ]
    }

    private static func description(_ species: Species) -> JSON {
        [
            "value": .string("\(species.name) is a plant of the family \(species.family)."), "citation": nil,
            "license_name": "CC0", "license_url": "https://creativecommons.org/publicdomain/zero/1.0/",
        ]
    }

    /// All known ones, as the vendor does even for a healthy plant, whose probabilities are low then.
    private static func diseases(_ finding: Finding, details: Set<String>) -> JSON {
        let first = finding.disease
        let others = Disease.all.filter { $0.name != first.name }
        let best = finding.isHealthy ? 0.05 : 0.45 + 0.4 * finding.chance("disease score")
        let scored = [(first, best)] + others.enumerated().map { ($1, best * 0.2 / Double($0 + 1)) }
        return .array(
            scored.map { disease, score in
                let id = String(disease.name.utf8.reduce(UInt64(5)) { $0 &* 31 &+ UInt64($1) }, radix: 16)
                let offered: [(String, JSON)] = [
                    ("local_name", .string(disease.name)),
                    ("description", .string(disease.description)),
                    ("classification", [.string(disease.kind)]),
                    ("treatment", ["biological": [], "chemical": [], "prevention": [.string(disease.prevention)]]),
                ]
                var shown: JSON = .object(offered.filter { details.contains($0.0) }.map { ($0.0, $0.1) })
                shown.set("language", "en")
                shown.set("entity_id", .string(id))
                return [
                    "id": .string(id), "name": .string(disease.name), "probability": score.score,
                    "similar_images": [], "details": shown,
                ]
            }
        )
    }

    static func search(_ request: Request) -> JSON {
        let words = (request.query("q") ?? "").lowercased()
        let limit = min(20, max(1, request.query("limit").flatMap { Int($0) } ?? 10))
        let matches = Species.all.compactMap { species -> JSON? in
            let names = [species.name] + species.commonNames
            guard let name = names.first(where: { $0.lowercased().hasPrefix(words) }) else { return nil }
            return [
                "matched_in": .string(name), "matched_in_type": name == species.name ? "entity_name" : "common_name",
                "access_token": .string("kb" + species.genus.lowercased()), "match_position": 0,
                "match_length": .int(words.count), "entity_name": .string(species.name),
            ]
        }
        return [
            "entities": .array(Array(matches.prefix(limit))), "entities_trimmed": .bool(matches.count > limit),
            "limit": .int(limit),
        ]
    }

    static func conversation(about identification: Identification, _ request: Request) -> JSON {
        var messages: [JSON] = []
        if let question = JSON(parsing: request.body)?["question"]?.string {
            let name = identification.finding.species.first?.name ?? "this"
            messages = [
                ["content": .string(question), "type": "question", "created": "2026-01-01T00:00:00Z"],
                [
                    "content": .string("I am a simulator and know that it is \(name)."), "type": "answer",
                    "created": "2026-01-01T00:00:01Z",
                ],
            ]
        }
        return [
            "messages": .array(messages), "identification": .string(identification.token), "remaining_calls": 19,
            "model_parameters": [:], "feedback": [:],
        ]
    }
}
