// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// What a test or a demonstration tells and asks the simulator, on any of its ports:
///
///     GET  /_admin/stats
///     GET  /_admin/faults
///     POST /_admin/faults/{plant_id|plantnet}?mode=status&status=503&count=2    (or the same names as JSON)
///     POST /_admin/reset
struct Admin: Sendable {
    let ledger: Ledger
    let faults: FaultBoard

    func answer(_ request: Request) async -> Reply {
        let path = request.path.dropFirst().joined(separator: "/")
        switch (request.method, path) {
        case (.GET, "stats"):
            return .json(.ok, self.ledger.statistics)
        case (.GET, "faults"):
            return .json(.ok, self.faults.json)
        case (.POST, "reset"):
            self.ledger.reset()
            for api in API.allCases {
                if let problem = await self.set(Fault(), for: api) { return problem }
            }
            return .json(.ok, self.faults.json)
        case (.POST, _) where request.path.count == 3 && request.path[1] == "faults":
            guard let api = API(rawValue: request.path[2]) else {
                return .text(.notFound, "no such API: \(request.path[2]); there are plant_id and plantnet\n")
            }
            do {
                return await self.set(try Self.fault(request), for: api) ?? .json(.ok, self.faults.json)
            } catch {
                return .text(.badRequest, error.description + "\n")
            }
        default:
            return .text(.notFound, "there are GET stats, GET faults, POST faults/{plant_id|plantnet} and POST reset\n")
        }
    }

    /// The answer if it cannot be done.
    private func set(_ fault: Fault, for api: API) async -> Reply? {
        do {
            try await self.faults.set(fault, for: api)
            return nil
        } catch {
            return .text(.internalServerError, "cannot listen again: \(error)\n")
        }
    }

    private struct Mistake: Error {
        let description: String
    }

    private static func fault(_ request: Request) throws(Mistake) -> Fault {
        let body = JSON(parsing: request.body)
        func word(_ name: String) -> JSON? { request.query(name).map { .string($0) } ?? body?[name] }
        func number(_ name: String, in range: ClosedRange<Int>) throws(Mistake) -> Int? {
            guard let value = word(name) else { return nil }
            if case .null = value { return nil }
            guard let number = value.int, range.contains(number) else {
                throw Mistake(description: "\(name) is a number in \(range.lowerBound)...\(range.upperBound)")
            }
            return number
        }
        guard let mode = word("mode")?.string.flatMap({ Fault.Mode(rawValue: $0) }) else {
            let modes = Fault.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            throw Mistake(description: "mode is one of \(modes)")
        }
        var fault = Fault(mode: mode)
        fault.status = try number("status", in: 200...599) ?? fault.status
        fault.delayMilliseconds = try number("delay_ms", in: 0...600_000) ?? fault.delayMilliseconds
        fault.remaining = try number("count", in: 1...1_000_000)
        return fault
    }
}
