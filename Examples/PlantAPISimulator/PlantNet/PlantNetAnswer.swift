// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOHTTP1

/// What Pl@ntNet says about a finding, and the rest of its answers.
enum PlantNetAnswer {
    static let projectNames = ["all", "k-world-flora", "weurope", "useful"]

    static var projects: JSON {
        .array(
            self.projectNames.dropFirst().map {
                [
                    "id": .string($0), "title": .string($0), "description": "A flora of the simulator",
                    "speciesCount": .int(Species.all.count),
                ]
            }
        )
    }

    /// `page` and `pageSize` go together.
    static func species(_ request: Request) -> JSON {
        let prefix = (request.query("prefix") ?? "").lowercased()
        var list = Species.all.filter { $0.name.lowercased().hasPrefix(prefix) }
        if let page = request.query("page").flatMap({ Int($0) }),
            let size = request.query("pageSize").flatMap({ Int($0) }),
            (1...1000).contains(page), (1...1000).contains(size)
        {
            list = Array(list.dropFirst((page - 1) * size).prefix(size))
        }
        return .array(
            list.map {
                var entry = Self.taxon($0.name, $0.author)
                entry.set("id", .string($0.name))
                entry.set("commonNames", .array($0.commonNames.map { .string($0) }))
                entry.set("genus", .string($0.genus))
                entry.set("family", .string($0.family))
                return entry
            }
        )
    }

    static func error(_ status: HTTPResponseStatus, _ message: String) -> Reply {
        .json(
            status,
            ["statusCode": .int(Int(status.code)), "error": .string(status.reasonPhrase), "message": .string(message)]
        )
    }

    /// As draft-ietf-httpapi-ratelimit-headers-08 has them. The quota starts anew at midnight UTC.
    static func quotaFields(quota: Int, remaining: Int, key: String) -> [(name: String, value: String)] {
        let partition = Data(key.utf8.reversed()).base64EncodedString()
        return [
            ("RateLimit-Policy", "\"dailyQuota\";q=\(quota);w=86400;pk=:\(partition):"),
            ("RateLimit", "\"dailyQuota\";r=\(remaining);t=\(Clock.secondsToMidnight);pk=:\(partition):"),
        ]
    }

    static func results(
        _ finding: Finding,
        _ input: PlantNetInput,
        project: String,
        _ request: Request,
        remaining: Int
    ) -> JSON {
        let count = min(Species.all.count, max(1, request.query("nb-results").flatMap { Int($0) } ?? 10))
        let wantsImages = request.query("include-related-images") == "true"
        let images = input.images.map { JSON.string(String($0.hash, radix: 16)) }
        let scored = Self.scores(finding).prefix(count)
        return [
            "query": [
                "project": .string(project), "images": .array(images),
                "organs": .array(input.organs.map { .string($0) }), "includeRelatedImages": .bool(wantsImages),
                "noReject": .bool(request.query("no-reject") == "true"), "type": nil,
            ],
            "predictedOrgans": .array(
                images.enumerated().map {
                    ["image": $1, "filename": .string("image_\($0).jpg"), "organ": "leaf", "score": 0.9]
                }
            ),
            "language": .string(request.query("lang") ?? "en"),
            "preferedReferential": "k-world-flora",
            "bestMatch": .string(finding.species.first?.fullName ?? ""),
            "results": .array(scored.map { Self.result($0, $1, withImages: wantsImages) }),
            "version": "2026-01-01 (7.3)",
            "remainingIdentificationRequests": .int(remaining),
        ]
    }

    /// The best species is Plant.id's, its score another, and from the third on the order is another too. The scores do
    /// not add up to 1.
    private static func scores(_ finding: Finding) -> [(Species, Double)] {
        let best = finding.isPlant ? 0.7 + 0.27 * finding.chance("plantnet") : 0.08
        let tail = Array(finding.species.dropFirst(2).reversed())
        let species = Array(finding.species.prefix(2)) + tail
        return species.enumerated().map { ($1, $0 == 0 ? best : best * 0.12 / Double($0)) }
    }

    private static func result(_ species: Species, _ score: Double, withImages: Bool) -> JSON {
        var entry = Self.taxon(species.name, species.author)
        entry.set("genus", Self.taxon(species.genus, ""))
        entry.set("family", Self.taxon(species.family, ""))
        entry.set("commonNames", .array(species.commonNames.map { .string($0) }))
        let number = species.name.utf8.reduce(UInt64(3)) { $0 &* 31 &+ UInt64($1) } % 9_000_000 + 1_000_000
        var result: JSON = ["score": score.score, "species": entry]
        if withImages { result.set("images", [Self.relatedImage(number)]) }
        result.set("gbif", ["id": .string("\(number)")])
        result.set("powo", ["id": .string("\(number)-1")])
        return result
    }

    private static func taxon(_ name: String, _ author: String) -> JSON {
        [
            "scientificNameWithoutAuthor": .string(name), "scientificNameAuthorship": .string(author),
            "scientificName": .string(author.isEmpty ? name : "\(name) \(author)"),
        ]
    }

    private static func relatedImage(_ number: UInt64) -> JSON {
        let address = "https://plantnet.example/image"
        return [
            "organ": "leaf", "author": "Simulator", "license": "cc-by-sa",
            "date": ["timestamp": 1_767_225_600_000, "string": "1 January 2026"], "citation": "Simulator / Pl@ntNet",
            "url": [
                "o": .string("\(address)/o/\(number)"), "m": .string("\(address)/m/\(number)"),
                "s": .string("\(address)/s/\(number)"),
            ],
        ]
    }
}
