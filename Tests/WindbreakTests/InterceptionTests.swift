// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import TestSupport
import Testing

/// Programs as they are, whose HTTPS is looked into here.
@Suite("Programs that trust the local authority", .serialized)
struct InterceptionTests {
    /// A process in front of an upstream that is known to programs as api.example.
    private static func withInterception(
        _ test: (Serving, FaultyUpstream, Workplace) async throws -> Void
    ) async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(
            """
            listen: 127.0.0.1:\(try FreePort.any())
            admin: 127.0.0.1:0
            log: {access: stdout}
            forward: {intercept: [origin]}
            upstreams:
              origin: {url: "\(origin.url)", hosts: [api.example], cache: {ttl: 1h}}
            """
        )
        let made = try await windbreak("ca", "init", "--config", workplace.configuration)
        #expect(made.status == 0, "\(made)")
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        try await test(serving, origin, workplace)
        await origin.stop()
    }

    @Test("are behind cache and circuit with nothing but variables", arguments: ClientProgram.allCases)
    func variables(_ program: ClientProgram) async throws {
        try await Self.withInterception { _, origin, workplace in
            for _ in 0..<2 {
                let result = try await program.run(
                    ["https://api.example/path?q=1"],
                    behind: ["run", "--config", workplace.configuration, "--"]
                )
                #expect(result.status == 200 && result.content == "hello", "\(result)")
            }
            #expect(origin.requests.map(\.target) == ["/path?q=1"])
            #expect(origin.requests.allSatisfy { $0.fields.contains("via") })
            #expect(origin.requests.allSatisfy { $0.fields["x-forwarded-proto"] == "https" })
        }
    }

    @Test("or are told of TLS, and the log says what to set", arguments: ClientProgram.allCases)
    func distrust(_ program: ClientProgram) async throws {
        try await Self.withInterception { serving, origin, _ in
            let variables = ["https_proxy": "http://127.0.0.1:\(serving.port)", "PATH": "/usr/bin:/bin"]
            let result = try await program.get("https://api.example/", environment: variables)
            #expect(result.exit != 0 && result.status == nil || result.status == 0, "\(result)")
            try await serving.process.line("[INTERCEPT]", "api.example", "SSL_CERT_FILE")
            #expect(origin.record.value.accepted == 0)
        }
    }

    @Test("get no further than the host that their tunnel is to")
    func misdirected() async throws {
        try await Self.withInterception { _, origin, workplace in
            for version in ["--http1.1", "--http2"] {
                let result = try await ClientProgram.curl.run(
                    [version, "-H", "Host: evil.example", "https://api.example/"],
                    behind: ["run", "--config", workplace.configuration, "--"]
                )
                #expect(result.status == 421, "\(result)")
            }
            #expect(origin.record.value.accepted == 0)
        }
    }

    @Test("speak HTTP/1.1 and HTTP/2 within", arguments: [("--http1.1", "1.1"), ("--http2", "2")])
    func versions(_ option: String, _ version: String) async throws {
        try await Self.withInterception { _, _, workplace in
            let result = try await ClientProgram.curl.run(
                [option, "-w", "%{http_version}\n%{http_code}\n", "https://api.example/"],
                behind: ["run", "--config", workplace.configuration, "--"]
            )
            #expect(result.content == "hello\(version)" && result.status == 200, "\(result)")
        }
    }

    @Test("need an authority whose key nobody else reads")
    func authority() async throws {
        try await Self.withInterception { _, _, workplace in
            let key = workplace.path("windbreak-ca.key.pem")
            let mode = try FileManager.default.attributesOfItem(atPath: key)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let again = try await windbreak("ca", "init", "--config", workplace.configuration)
            #expect(again.status == 1 && again.errors.contains("--force"))
            let before = workplace.read("windbreak-ca.pem")
            let forced = try await windbreak("ca", "init", "--force", "--config", workplace.configuration)
            #expect(forced.status == 0)
            #expect(workplace.read("windbreak-ca.pem") != before)
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
            let refused = try await windbreak("serve", "--config", workplace.configuration)
            #expect(refused.status == 1 && refused.errors.contains("chmod 600"), "\(refused)")
        }
    }

    @Test("need one that is for their hosts")
    func otherHosts() async throws {
        try await Self.withInterception { serving, _, workplace in
            let text = try #require(workplace.read("config.yaml"))
            try workplace.write(text.replacingOccurrences(of: "api.example", with: "other.example"))
            let verdict = try await serving.reload(until: "refused")
            #expect(verdict.contains("other.example") && verdict.contains("ca init"))
        }
    }
}
