// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Everything that programs do with an API (`Tests/Clients/scenarios.py`), in all the ways of putting them behind the
/// proxy, with nothing changed but variables.
@Suite("Programs behind the proxy", .serialized)
struct ClientScenarioTests {
    enum Way: String, CaseIterable {
        case baseURL, plainProxy, tunnel, interception
    }

    /// What one program streams both ways; more of them would take minutes in a debug build.
    private static let large = 100 << 20

    @Test(
        "do what they do without it",
        arguments: ["curl", "curl-http2", "requests", "httpx", "httpx-http2", "aiohttp"],
        Way.allCases
    )
    func scenarios(_ program: String, _ way: Way) async throws {
        // HTTP/2 in the clear is for those who know beforehand; no client speaks it to a proxy.
        if program == "curl-http2", way == .plainProxy { return }
        try ClientProgram.requirePython()
        let origin = try await Origin()
        defer { origin.stop() }
        let workplace = try Workplace()
        defer { workplace.remove() }
        let port = try FreePort.any()
        let isTLS = way == .tunnel || way == .interception
        let authority = isTLS ? "localhost:\(origin.securePort)" : "127.0.0.1:\(origin.port)"
        let name = way == .tunnel ? authority : "api.example"
        try workplace.write(
            """
            listen: 127.0.0.1:\(port)
            admin: off
            log: {access: off}
            forward: {intercept: [\(way == .interception ? "origin" : "")]}
            upstreams:
              origin:
                url: \(isTLS ? "https" : "http")://\(authority)
                hosts: [\(way == .tunnel ? "localhost" : name)]
                tls: {ca_file: \(TestCertificate.authorityFile)}
                max_body: 200MiB
            """
        )
        _ = try await windbreak("ca", "init", "--config", workplace.configuration)
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let url =
            switch way {
            case .baseURL: "http://127.0.0.1:\(port)/origin"
            case .plainProxy: "http://\(name)"
            case .tunnel, .interception: "https://\(name)"
            }
        let isLarge = program == "curl" && (way == .baseURL || way == .interception)
        let result = try await ClientProgram.scenarios(
            [program, url, "\(isLarge ? Self.large : 1 << 20)", way == .baseURL ? authority : name],
            behind: way == .baseURL ? nil : workplace.configuration,
            trusting: way == .tunnel ? TestCertificate.authorityFile : nil
        )
        #expect(result.exit == 0, "\(result.content)\n\(result.errors)\n\(serving.process.log.value)")
    }

    /// The API, as a process of its own that shares nothing with what is tested.
    private struct Origin {
        let process: WindbreakProcess
        let port: Int
        let securePort: Int

        init() async throws {
            self.process = try WindbreakProcess(
                [
                    ClientProgram.script("origin.py"), TestCertificate.localhost.certificateFile,
                    TestCertificate.localhost.keyFile,
                ],
                executable: ClientProgram.python
            )
            let line = try await self.process.output.wait(for: "the ports of the origin") { $0.first }
            let ports = line.split(separator: " ").compactMap { Int($0) }
            self.port = try #require(ports.first)
            self.securePort = try #require(ports.last)
        }

        func stop() { self.process.send(SIGKILL) }
    }
}
