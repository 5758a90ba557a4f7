// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import ProxyEngine
import Resilience
import TestSupport
import Testing

@testable import Plants

/// A running engine with a combined endpoint in front of upstreams that do what a test tells them.
struct Stage: Sendable {
    let engine: Engine
    let log: RecordedLog
    let port: Int

    /// - Parameter yaml: What follows `listen` and `admin` in the file.
    init(_ yaml: String) async throws {
        let loader = ConfigurationLoader(environment: [:], profiles: PlantProfiles.all)
        let configuration: Configuration
        do throws(ConfigurationError) {
            configuration = try loader.load(text: "listen: 127.0.0.1:0\nadmin: off\n" + yaml)
        } catch {
            Issue.record("\(error.rendered())")
            throw error
        }
        let log = RecordedLog()
        let logger = log.logger
        self.log = log
        self.engine = Engine(
            threads: 1,
            logger: logger,
            access: try AccessLog(.off, format: .text, logger: logger),
            mainRoutes: { snapshot in
                snapshot.configuration.combined.map { combined in
                    let legs = combined.legs.compactMap { snapshot[$0] }
                    return LocalRoute(
                        path: combined.path,
                        methods: [.post],
                        handler: CombinedEndpoint(combined, legs: legs, logger: logger)
                    )
                }
            },
            adminRoutes: { _ in [] }
        )
        try await self.engine.start(configuration)
        self.port = try #require(self.engine.mainAddresses.first?.port)
    }

    func stop() async {
        _ = await self.engine.drain(within: .zero)
        await self.engine.shutdown()
    }

    func open(_ name: String) { self.engine.snapshot?[name]?.circuit.force(.open, for: nil) }

    /// Of a circuit, as readers see it.
    func state(of name: String) -> String? { self.engine.snapshot?[name]?.circuit.state.rawValue }

    /// Sends images in base64 and reads the report.
    func identify(
        _ images: [ByteBuffer] = [Sample.jpeg],
        _ options: [(String, JSON)] = [],
        target: String = "/identify",
        fields: HeaderFields = [:]
    ) async throws -> Answer {
        let client = try await TestClient(to: self.port)
        var fields = fields
        fields.add("Content-Type", "application/json")
        let response = try await client.exchange("POST", target, fields, body: Self.body(images, options))
        await client.close()
        return Answer(response: response, json: try JSON(parsing: response.body.readableBytesView))
    }

    static func body(_ images: [ByteBuffer], _ options: [(String, JSON)] = []) -> String {
        let images = JSON.array(images.map { .string(Base64.encode($0)) })
        let members = [("images", images)] + options
        return JSON.object(members.map { .init(name: $0.0, value: $0.1) }).serialized
    }

    struct Answer: Sendable {
        let response: TestResponse
        let json: JSON

        var status: Int { self.response.status }
        func provider(_ name: String, _ member: String) -> JSON? { self.json["providers"]?[name]?[member] }
        var names: [String] {
            self.json["combined_suggestions"]?.array?.compactMap { $0["scientific_name"]?.string } ?? []
        }
    }
}

/// Plant.id and Pl@ntNet with their shipped profiles, both played by fakes.
struct PlantStage: Sendable {
    let plantID: FaultyUpstream
    let plantNet: FaultyUpstream
    let stage: Stage

    /// - Parameters:
    ///   - legs: Settings that both upstreams get, such as `breaker: {fail_max: 1}`.
    init(
        legs: String = "cache: off",
        combined: String = "legs: [plant_id, plantnet], deadline: 10s",
        plantNetPort: Int = 0,
        plantID: @escaping @Sendable (ReceivedRequest) async -> Reply = { _ in .plantID() },
        plantNet: @escaping @Sendable (ReceivedRequest) async -> Reply = { _ in .plantNet() }
    ) async throws {
        self.plantID = try await FaultyUpstream(plantID)
        self.plantNet = try await FaultyUpstream(port: plantNetPort, plantNet)
        self.stage = try await Stage(
            """
            upstreams:
              plant_id: {profile: plant_id, url: "\(self.plantID.url)/api/v3", \(legs)}
              plantnet: {profile: plantnet, url: "\(self.plantNet.url)", \(legs)}
            combined:
              identify: {\(combined)}
            """
        )
    }

    func stop() async {
        await self.stage.stop()
        await self.plantID.stop()
        await self.plantNet.stop()
    }
}

extension Reply {
    static let aloeOfPlantID = """
        {"access_token":"t","result":{"is_healthy":{"binary":false},"classification":{"suggestions":[
        {"name":"Aloe vera","probability":0.97,"details":{"common_names":["Aloe"],"taxonomy":{"genus":"Aloe"}}}]},
        "disease":{"suggestions":[{"name":"rust","probability":0.6,"details":{}}]}},"status":"COMPLETED"}
        """
    static let aloeOfPlantNet = """
        {"results":[{"score":0.91,"species":{"scientificNameWithoutAuthor":"Aloe vera","commonNames":["True aloe"],
        "genus":{"scientificNameWithoutAuthor":"Aloe"},"family":{"scientificNameWithoutAuthor":"Asphodelaceae"}}}]}
        """
    private static let json: HeaderFields = ["Content-Type": "application/json"]

    static func plantID(_ body: String = Self.aloeOfPlantID) -> Reply { .respond(201, Self.json, body: body) }
    static func plantNet(_ body: String = Self.aloeOfPlantNet) -> Reply { .respond(200, Self.json, body: body) }
}
