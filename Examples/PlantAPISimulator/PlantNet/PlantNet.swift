// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Pl@ntNet, version 2 of its API: the key in the query, errors in JSON, the daily quota in the fields of every answer
/// that costs some of it.
struct PlantNet: Sendable {
    let ledger: Ledger

    /// An error as the vendor words it.
    struct Refusal: Error {
        let status: HTTPResponseStatus
        let message: String
    }

    func answer(_ request: Request) -> Reply {
        guard request.path.first == "v2" else { return self.refused(.notFound, "Not Found", counting: "other") }
        let path = Array(request.path.dropFirst())
        switch (request.method, path.first, path.count) {
        case (.GET, "_status", 1):
            self.ledger.count("status", of: .plantNet)
            return .json(.ok, ["status": "ok"])
        case (.POST, "identify", 2), (.GET, "identify", 2):
            return self.withKey(request, counting: "identify") { key throws(Refusal) in
                try self.identify(request, project: path[1], key: key)
            }
        case (.GET, "languages", 1):
            return self.withKey(request, counting: "languages") { _ throws(Refusal) in
                .json(.ok, ["cs", "de", "en", "es", "fr", "it", "pt"])
            }
        case (.GET, "projects", 1):
            return self.withKey(request, counting: "projects") { _ throws(Refusal) in
                .json(.ok, PlantNetAnswer.projects)
            }
        case (.GET, "species", 1), (.GET, "projects", 3):
            return self.withKey(request, counting: "species") { _ throws(Refusal) in
                .json(.ok, PlantNetAnswer.species(request))
            }
        case (.GET, "quota", 1), (.GET, "quota", 2):
            return self.withKey(request, counting: "quota") { key throws(Refusal) in .json(.ok, self.quota(of: key)) }
        case (.GET, "subscription", 1):
            return self.withKey(request, counting: "subscription") { _ throws(Refusal) in
                throw Refusal(status: .forbidden, message: "No subscription")
            }
        default:
            return self.refused(.notFound, "Not Found", counting: "other")
        }
    }

    private func withKey(
        _ request: Request,
        counting operation: String,
        _ answer: (_ key: String) throws(Refusal) -> Reply
    ) -> Reply {
        self.ledger.count(operation, of: .plantNet)
        guard let key = request.query("api-key"), !key.isEmpty, !key.hasPrefix("invalid") else {
            return PlantNetAnswer.error(.unauthorized, "Unauthorized")
        }
        do {
            return try answer(key)
        } catch {
            return PlantNetAnswer.error(error.status, error.message)
        }
    }

    private func refused(_ status: HTTPResponseStatus, _ message: String, counting operation: String) -> Reply {
        self.ledger.count(operation, of: .plantNet)
        return PlantNetAnswer.error(status, message)
    }

    private func identify(_ request: Request, project: String, key: String) throws(Refusal) -> Reply {
        guard PlantNetAnswer.projectNames.contains(project) else {
            throw Refusal(status: .notFound, message: "Project not found")
        }
        let input = try PlantNetInput(request)
        guard !key.hasPrefix("empty"), let remaining = self.ledger.identifyToday(of: key) else {
            var reply = PlantNetAnswer.error(.tooManyRequests, "Too Many Requests")
            reply.headers += PlantNetAnswer.quotaFields(quota: self.ledger.quota, remaining: 0, key: key)
            return reply
        }
        let finding = Finding(input.images)
        var reply =
            finding.isPlant || request.query("no-reject") == "true"
            ? Reply.json(.ok, PlantNetAnswer.results(finding, input, project: project, request, remaining: remaining))
            : PlantNetAnswer.error(.notFound, "Species not found")
        reply.headers += PlantNetAnswer.quotaFields(quota: self.ledger.quota, remaining: remaining, key: key)
        return reply
    }

    private func quota(of key: String) -> JSON {
        let used = self.ledger.identifiedToday(of: key)
        return [
            "day": .string(Clock.day),
            "quota": [
                "identify": [
                    "count": .int(used), "total": .int(self.ledger.quota),
                    "remaining": .int(max(0, self.ledger.quota - used)),
                ]
            ],
        ]
    }
}
