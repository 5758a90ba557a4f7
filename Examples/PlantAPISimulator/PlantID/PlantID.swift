// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Plant.id: v3 under `/api/v3` and `/v3`, and the little of v2 that old clients use.
///
/// A created identification is 201, and an error is a sentence in plain text.
struct PlantID: Sendable {
    let ledger: Ledger

    func answer(_ request: Request) -> Reply {
        var path = request.path[...]
        if path.first == "api" { path = path.dropFirst() }
        let version = path.popFirst()
        let operation = Self.operation(version, Array(path), request.method)
        self.ledger.count(operation?.rawValue ?? "other", of: .plantID)
        if operation == .ping { return .text(.ok, "pong") }
        guard let operation else { return .text(.notFound, "The requested URL was not found on the server.") }
        guard let key = Self.key(of: request), !key.isEmpty else { return .text(.unauthorized, "No api key provided.") }
        if key.hasPrefix("invalid") { return .text(.unauthorized, "The specified api key not found.") }
        if key.hasPrefix("inactive") { return .text(.unauthorized, "The specified api key is not active.") }
        let account = Account(key: key, isEmpty: key.hasPrefix("empty"))
        do {
            return try self.answer(operation, request, path: Array(path), isVersion2: version == "v2", account: account)
        } catch {
            return .text(error.status, error.sentence)
        }
    }

    struct Account {
        let key: String
        let isEmpty: Bool
    }

    /// An error as the vendor words it.
    struct Refusal: Error {
        let status: HTTPResponseStatus
        let sentence: String
    }

    enum Operation: String {
        case identify, retrieve, delete, feedback, conversation, ping
        case healthAssessment = "health_assessment"
        case usageInfo = "usage_info"
        case nameSearch = "name_search"
        case methodNotAllowed = "method_not_allowed"
    }

    private static func operation(_ version: String?, _ path: [String], _ method: HTTPMethod) -> Operation? {
        switch (version, path.count, path.first, method) {
        case ("ping", 0, _, _): .ping
        case ("v2", 1, "identify", .POST), ("v3", 1, "identification", .POST): .identify
        case ("v2", 1, "health_assessment", .POST), ("v3", 1, "health_assessment", .POST): .healthAssessment
        case ("v2", 1, "usage_info", .GET), ("v3", 1, "usage_info", .GET): .usageInfo
        case ("v3", 2, "identification", .GET), ("v3", 2, "health_assessment", .GET): .retrieve
        case ("v3", 2, "identification", .DELETE), ("v3", 2, "health_assessment", .DELETE): .delete
        case ("v3", 3..., "identification", _) where path[2] == "conversation": .conversation
        case ("v3", 3, "identification", .POST) where path[2] == "feedback": .feedback
        case ("v3", 3, "kb", .GET) where path[2] == "name_search": .nameSearch
        case ("v2", 1, "identify", _), ("v3", 1, "identification", _), (_, 1, "health_assessment", _),
            (_, 1, "usage_info", _):
            .methodNotAllowed
        default: nil
        }
    }

    /// From the field, from Basic credentials of the user `client`, or from the body as v2 allows.
    private static func key(of request: Request) -> String? {
        if let key = request.headers.first(name: "Api-Key") { return key }
        if let field = request.headers.first(name: "Authorization"), field.lowercased().hasPrefix("basic "),
            let pair = Base64.text(field.dropFirst(6)), pair.hasPrefix("client:")
        {
            return String(pair.dropFirst(7))
        }
        guard request.path.contains("v2") else { return nil }
        return JSON(parsing: request.body)?["api_key"]?.string
    }

    private func answer(
        _ operation: Operation,
        _ request: Request,
        path: [String],
        isVersion2: Bool,
        account: Account
    ) throws(Refusal) -> Reply {
        switch operation {
        case .identify, .healthAssessment:
            try self.identify(request, operation, isVersion2: isVersion2, account: account)
        case .retrieve:
            .json(.ok, try self.stored(path[1]).json(details: request.details))
        case .delete:
            .json(.ok, .bool(self.ledger.forget(try self.stored(path[1]).token)))
        case .feedback:
            try self.rated(path[1])
        case .conversation:
            .json(.ok, PlantIDAnswer.conversation(about: try self.stored(path[1]), request))
        case .usageInfo:
            .json(.ok, self.usage(of: account, isVersion2: isVersion2))
        case .nameSearch:
            .json(.ok, PlantIDAnswer.search(request))
        case .ping:
            .text(.ok, "pong")
        case .methodNotAllowed:
            .text(.methodNotAllowed, "The method is not allowed for the requested URL.")
        }
    }

    private func identify(
        _ request: Request,
        _ operation: Operation,
        isVersion2: Bool,
        account: Account
    ) throws(Refusal) -> Reply {
        let input = try PlantIDInput(request, isVersion2: isVersion2)
        let health: Identification.Health =
            operation == .healthAssessment ? .only : Identification.Health(rawValue: input.health ?? "") ?? .none
        guard !account.isEmpty, self.ledger.spend(health == .all ? 2 : 1, of: account.key) else {
            let sentence = "The specified api key does not have sufficient number of available credits."
            throw Refusal(status: .tooManyRequests, sentence: sentence)
        }
        let isPending = request.query("async") == "true"
        let identification = self.ledger.remember(input, health: health)
        if isVersion2 {
            return .json(.ok, identification.version2)
        }
        return .json(.created, identification.json(details: request.details, isPending: isPending))
    }

    private func stored(_ word: String) throws(Refusal) -> Identification {
        if let identification = self.ledger.identification(word) { return identification }
        throw Refusal(status: .notFound, sentence: "The requested identification does not exist.")
    }

    private func rated(_ word: String) throws(Refusal) -> Reply {
        _ = try self.stored(word)
        return .json(.ok, true)
    }

    private func usage(of account: Account, isVersion2: Bool) -> JSON {
        let used = self.ledger.spent(of: account.key)
        let remaining = account.isEmpty ? 0 : max(0, self.ledger.credits - used)
        if isVersion2 {
            return [
                "active": true, "daily_limit": nil, "weekly_limit": nil, "monthly_limit": nil,
                "total_limit": .int(self.ledger.credits), "used_day": .int(used), "used_week": .int(used),
                "used_month": .int(used), "used_total": .int(used), "remaining_total": .int(remaining),
            ]
        }
        return [
            "active": true,
            "credit_limits": ["day": nil, "week": nil, "month": nil, "total": .int(self.ledger.credits)],
            "used": ["day": .int(used), "week": .int(used), "month": .int(used), "total": .int(used)],
            "can_use_credits": [
                "value": .bool(remaining > 0), "reason": remaining > 0 ? nil : "No credits left.",
            ],
            "remaining": ["day": nil, "week": nil, "month": nil, "total": .int(remaining)],
        ]
    }
}

extension Request {
    /// The members of `details`.
    var details: Set<String> { Set((self.query("details") ?? "").split(separator: ",").map(String.init)) }
}
