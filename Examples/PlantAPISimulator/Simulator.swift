// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The two APIs.
enum API: String, CaseIterable, Sendable {
    case plantID = "plant_id"
    case plantNet = "plantnet"
}

/// Everything together: what is known of past requests, the sockets, and which request belongs to whom.
final class Simulator: Sendable {
    private let arguments: Arguments
    private let ledger: Ledger
    private let faults = FaultBoard()
    private let plantID: PlantID
    private let plantNet: PlantNet
    private let group: any EventLoopGroup

    init(_ arguments: Arguments, group: any EventLoopGroup) {
        self.arguments = arguments
        self.group = group
        self.ledger = Ledger(credits: arguments.credits, quota: arguments.quota)
        self.plantID = PlantID(ledger: self.ledger)
        self.plantNet = PlantNet(ledger: self.ledger)
    }

    /// Binds every port and says where.
    func start() async throws -> [String] {
        let admin = Listener(port: self.arguments.adminPort, group: self.group, answer: self.answering(nil))
        var listeners: [API: Listener] = [:]
        var lines: [String] = []
        if let port = self.arguments.sharedPort {
            let shared = Listener(port: port, group: self.group, answer: self.answering(nil))
            let address = try await shared.open()
            lines = API.allCases.map { "\($0.rawValue) \(address)" }
        } else {
            let ports: [(API, Int)] = [
                (.plantID, self.arguments.plantIDPort), (.plantNet, self.arguments.plantNetPort),
            ]
            for (api, port) in ports {
                let listener = Listener(port: port, group: self.group, answer: self.answering(api))
                listeners[api] = listener
                lines.append("\(api.rawValue) \(try await listener.open())")
            }
        }
        lines.append("admin \(try await admin.open())")
        self.faults.attach(listeners)
        return lines
    }

    /// Never returns by itself.
    func run() async throws {
        while true { try await Task.sleep(for: .seconds(3600)) }
    }

    private func answering(_ api: API?) -> @Sendable (Request) async -> Reply {
        { [self] request in await self.answer(request, as: api) }
    }

    private func answer(_ request: Request, as api: API?) async -> Reply {
        if request.path.first == "_admin" {
            return await Admin(ledger: self.ledger, faults: self.faults).answer(request)
        }
        let api = api ?? Self.owner(of: request.path)
        var reply =
            switch api {
            case .plantID: self.plantID.answer(request)
            case .plantNet: self.plantNet.answer(request)
            }
        reply.delay = self.arguments.latencyMilliseconds
        return self.faults.take(for: api)?.applied(to: reply, of: api) ?? reply
    }

    /// On a shared port the path tells the APIs apart, though both have a `/v2/identify`: only Pl@ntNet's goes on.
    private static func owner(of path: [String]) -> API {
        guard path.first == "v2" else { return .plantID }
        let second = path.dropFirst().first
        let isPlantID = path.count == 2 && ["identify", "health_assessment", "usage_info"].contains(second)
        return isPlantID ? .plantID : .plantNet
    }
}
