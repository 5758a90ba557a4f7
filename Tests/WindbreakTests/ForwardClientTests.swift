// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import TestSupport
import Testing

/// Programs as they are, put behind a process by the variables that they look at.
@Suite("Programs with a proxy in their environment")
struct ForwardClientTests {
    private static func variables(_ proxy: Int) -> [String: String] {
        let authority = TestCertificate.authorityFile
        return [
            "http_proxy": "http://127.0.0.1:\(proxy)", "https_proxy": "http://127.0.0.1:\(proxy)", "no_proxy": "",
            "CURL_CA_BUNDLE": authority, "REQUESTS_CA_BUNDLE": authority, "SSL_CERT_FILE": authority,
            "PATH": "/usr/bin:/bin",
        ]
    }

    @Test("reach a declared host by https through a tunnel", arguments: ClientProgram.allCases)
    func tunnel(_ program: ClientProgram) async throws {
        let origin = try await FaultyUpstream(tls: .localhost)
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: "https://localhost:\(origin.port)", more: "log: {access: stdout}"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let url = "https://localhost:\(origin.port)/path?q=1"
        let result = try await program.get(url, environment: Self.variables(serving.port))
        #expect(result.status == 200 && result.content == "hello", "\(result)")
        #expect(origin.requests.map(\.target) == ["/path?q=1"])
        #expect(origin.requests.allSatisfy { !$0.fields.contains("via") })
        let line = try await serving.process.output.wait(for: "an access line") { $0.first }
        for word in [
            " method=CONNECT", " path=localhost:\(origin.port)", " status=200", " upstream=origin",
            " circuit=closed", " decision=pass", " outcome=success",
        ] { #expect(line.contains(word), "\(line)") }
        #expect(!line.contains(" bytes_in=0") && !line.contains(" bytes_out=0"), "\(line)")
        await origin.stop()
    }

    @Test("are told that a host is not declared", arguments: ClientProgram.allCases)
    func refusal(_ program: ClientProgram) async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: "https://localhost:1"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let variables = Self.variables(serving.port)
        let tunnel = try await program.get("https://elsewhere.example/", environment: variables)
        #expect(tunnel.exit != 0 && tunnel.errors.contains("403"), "\(tunnel)")
        let plain = try await program.get("http://elsewhere.example/", environment: variables)
        #expect(plain.status == 403 || plain.errors.contains("403"), "\(plain)")
    }

    @Test("are told of a loop, also one over two proxies")
    func loop() async throws {
        let (one, two) = (try Workplace(), try Workplace())
        defer { for workplace in [one, two] { workplace.remove() } }
        let ports = (try FreePort.any(), try FreePort.any())
        let text = { (own: Int, other: Int) in
            Workplace.file(
                upstream: "http://127.0.0.1:\(other)",
                listen: "127.0.0.1:\(own)",
                more: "log: {access: stdout}"
            )
        }
        try one.write(text(ports.0, ports.1))
        try two.write(text(ports.1, ports.0))
        let (first, second) = (try await Serving(one), try await Serving(two))
        defer { for serving in [first, second] { serving.kill() } }
        let response = try await first.get("/origin/origin/origin/origin/origin")
        #expect(response.status == 508)
        #expect(response.text.contains("Via names this proxy"))
        #expect(response.fields.list("via").count == 2)
        // It went round once, and was refused where it had begun.
        let lines = try await first.process.output.wait(for: "two access lines") { $0.count == 2 ? $0 : nil }
        #expect(lines.allSatisfy { $0.contains(" status=508") }, "\(lines)")
        _ = try await second.process.output.wait(for: "an access line") { $0.count == 1 ? true : nil }
    }

    @Test("reach a declared host by http", arguments: ClientProgram.allCases)
    func absoluteForm(_ program: ClientProgram) async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: "\(origin.url)\n    hosts: [api.example]"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let variables = Self.variables(serving.port)
        let result = try await program.get("http://api.example/path", environment: variables)
        #expect(result.status == 200 && result.content == "hello", "\(result)")
        #expect(origin.requests.map(\.target) == ["/path"])
        await origin.stop()
    }
}
