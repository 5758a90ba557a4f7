// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The SDK of Plant.id's vendor against the simulated API, in all the ways of putting a program behind the proxy.
@Suite("The vendor's SDK", .serialized)
struct KindwiseTests {
    /// How the SDK is told: the host that it asks, and whether the variables of `windbreak run` are set.
    enum Way: String, CaseIterable {
        case baseURL, plainProxy, interception
    }

    @Test("identifies a photo", arguments: Way.allCases)
    func identify(_ way: Way) async throws {
        let simulator = try WindbreakProcess(
            ["--plant-id-port", "0", "--plantnet-port", "0", "--admin-port", "0"],
            executable: WindbreakProcess.sibling("plant-api-simulator")
        )
        defer { simulator.send(SIGKILL) }
        let address = try await simulator.output.wait(for: "the simulator's address") { lines in
            lines.contains("ready") ? lines.first { $0.contains("plant_id") || $0.contains("Plant.id") } : nil
        }
        let url = try #require(address.split(separator: " ").first { $0.hasPrefix("http://") })
        let workplace = try Workplace()
        defer { workplace.remove() }
        let port = try FreePort.any()
        try workplace.write(
            """
            listen: 127.0.0.1:\(port)
            admin: 127.0.0.1:0
            forward: {intercept: [plant_id]}
            upstreams:
              plant_id: {profile: plant_id, url: \(url)/api/v3, hosts: [plant.id], cache: {ttl: 1h}}
            """
        )
        _ = try await windbreak("ca", "init", "--config", workplace.configuration)
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let host: [String] =
            switch way {
            case .baseURL: ["http://127.0.0.1:\(port)/plant_id"]
            case .plainProxy: ["http://plant.id"]
            case .interception: []
            }
        for _ in 0..<2 {
            let result = try await ClientProgram.kindwise(
                host,
                behind: way == .baseURL ? nil : ["run", "--config", workplace.configuration, "--"]
            )
            #expect(result.exit == 0 && result.content.contains("Monstera deliciosa"), "\(result)")
        }
        let lines = serving.process.output.value.filter { $0.contains("identification") }
        #expect(lines.count == 2 && lines.last?.contains("cache=hit") == true, "\(lines)")
    }
}
