// SPDX-License-Identifier: Apache-2.0

/// One identification that Plant.id made and keeps.
struct Identification: Sendable {
    enum Health: String, Sendable {
        case none, all, auto, only
    }

    let token: String
    /// Without the images themselves, of which there would soon be many.
    let input: PlantIDInput
    let imageCount: Int
    let finding: Finding
    let health: Health
    /// Seconds since 1970.
    let created: Double

    init(_ input: PlantIDInput, health: Health, number: Int, created: Double) {
        self.finding = Finding(input.images)
        self.imageCount = input.images.count
        var input = input
        input.images = []
        self.input = input
        self.health = health
        self.token = "sim" + String(self.finding.hash, radix: 36) + "n\(number)"
        self.created = created
    }

    func json(details: Set<String>, isPending: Bool = false) -> JSON {
        var answer: JSON = [
            "access_token": .string(self.token),
            "model_version": "plant_id:5.0.0",
            "custom_id": self.input.customID.map { .int($0) } ?? .null,
            "input": self.echo,
        ]
        if !isPending { answer.set("result", PlantIDAnswer.result(self, details: details)) }
        answer.set("status", isPending ? "CREATED" : "COMPLETED")
        answer.set("sla_compliant_client", true)
        answer.set("sla_compliant_system", true)
        answer.set("created", .double(self.created))
        answer.set("completed", isPending ? .null : .double(self.created + 0.34))
        return answer
    }

    private var echo: JSON {
        [
            "latitude": self.input.latitude,
            "longitude": self.input.longitude,
            "similar_images": .bool(self.input.wantsSimilarImages),
            "health": self.input.health.map { .string($0) } ?? .null,
            "images": .array(
                (0..<self.imageCount).map { .string("https://plant.id/media/imgs/\(self.token)-\($0).jpg") }
            ),
            "datetime": "2026-01-01T00:00:00+00:00",
        ]
    }

    /// The flat shape of v2.
    var version2: JSON {
        let suggestions = PlantIDAnswer.scores(self.finding).map { species, score -> JSON in
            [
                "id": .int(Int(self.finding.hash % 1_000_000)), "plant_name": .string(species.name),
                "probability": score.score, "confirmed": false,
                "plant_details": [
                    "scientific_name": .string(species.name),
                    "common_names": .array(species.commonNames.map { .string($0) }),
                    "structured_name": ["genus": .string(species.genus)],
                ],
            ]
        }
        var answer: JSON = [
            "id": .int(Int(self.finding.hash % 1_000_000)), "custom_id": self.input.customID.map { .int($0) } ?? .null,
            "uploaded_datetime": .double(self.created), "finished_datetime": .double(self.created + 0.34),
            "suggestions": .array(suggestions), "secret": .string(self.token), "fail_cause": nil,
            "is_plant": .bool(self.finding.isPlant),
            "is_plant_probability": PlantIDAnswer.plantProbability(self.finding).score,
        ]
        if self.health != .none {
            let disease = self.finding.disease
            answer.set(
                "health_assessment",
                [
                    "is_healthy": .bool(self.finding.isHealthy),
                    "is_healthy_probability": PlantIDAnswer.healthProbability(self.finding).score,
                    "diseases": [["name": .string(disease.name), "probability": 0.5]],
                ]
            )
        }
        return answer
    }
}
