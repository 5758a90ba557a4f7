// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `windbreak env` and `windbreak run`, with no proxy needed behind them.
@Suite("Putting programs behind the proxy")
struct EnvironmentTests {
    private static let upstream = #"upstreams: {weather: {url: "https://api.example/v1"}}"#

    private static func with(
        _ settings: String,
        _ test: (Workplace) async throws -> Void
    ) async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(settings + "\n" + self.upstream + "\n")
        try await test(workplace)
    }

    /// What a shell has after `eval "$(windbreak env)"`.
    private static func variables(
        _ workplace: Workplace,
        _ before: [String: String] = [:]
    ) async throws -> [String: String] {
        let printed = try await windbreak("env", "--config", workplace.configuration, environment: before)
        try #require(printed.status == 0, "\(printed)")
        let shell = try WindbreakProcess(
            ["-c", printed.output + "\nexec env"],
            executable: "/bin/sh",
            environment: before
        )
        try #require(try await shell.end() == 0)
        return shell.output.value.reduce(into: [:]) { variables, line in
            guard let mark = line.firstIndex(of: "=") else { return }
            variables[String(line[..<mark])] = String(line[line.index(after: mark)...])
        }
    }

    @Test("sets both spellings, and trusts nothing more where nothing is intercepted")
    func plain() async throws {
        try await Self.with("listen: 127.0.0.1:8123") { workplace in
            let variables = try await Self.variables(workplace)
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"] {
                #expect(variables[name] == "http://127.0.0.1:8123")
            }
            #expect(variables["no_proxy"] == "localhost,127.0.0.1,::1")
            #expect(variables["NO_PROXY"] == variables["no_proxy"])
            #expect(variables["SSL_CERT_FILE"] == nil)
        }
    }

    @Test(
        "names a listener that programs reach, with its token",
        arguments: [
            (#"listen: ["127.0.0.1:0", "127.0.0.1:8123"]"#, "http://127.0.0.1:8123"),
            ("listen: {address: 0.0.0.0:8123, access: {open: true}}", "http://127.0.0.1:8123"),
            ("listen: {address: '[::]:8123', access: {open: true}}", "http://[::1]:8123"),
            (
                #"listen: {address: 127.0.0.1:8123, access: {tokens: ["it's a/secret@home"]}}"#,
                "http://windbreak:it%27s%20a%2Fsecret%40home@127.0.0.1:8123"
            ),
            (
                #"listen: [{address: "127.0.0.1:8122", proxy_protocol: [127.0.0.0/8]}, "127.0.0.1:8123"]"#,
                "http://127.0.0.1:8123"
            ),
            (
                #"listen: {address: "0.0.0.0:8123", access: {open: true}, proxy_protocol: [10.0.0.0/8]}"#,
                "http://127.0.0.1:8123"
            ),
            (
                #"listen: [{address: "0.0.0.0:8122", access: {networks: [10.0.0.0/8]}}, "localhost:8123"]"#,
                "http://localhost:8123"
            ),
        ]
    )
    func listener(_ settings: String, _ url: String) async throws {
        try await Self.with(settings) { workplace in
            let variables = try await Self.variables(workplace)
            #expect(variables["http_proxy"] == url)
        }
    }

    @Test("says so if no program could reach a listener")
    func unreachable() async throws {
        try await Self.with("listen: unix:/tmp/windbreak-of-no-one.sock") { workplace in
            let result = try await windbreak("env", "--config", workplace.configuration)
            #expect(result.status == 1 && result.errors.contains("no listener"), "\(result)")
            #expect(result.output.isEmpty)
        }
    }

    @Test("keeps hosts that were not to be proxied, but for those that are declared")
    func direct() async throws {
        try await Self.with("listen: 127.0.0.1:8123") { workplace in
            let variables = try await Self.variables(workplace, ["no_proxy": "intranet.example, api.example"])
            #expect(variables["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1")
        }
    }

    @Test("merges the authority with all that was trusted before, once")
    func bundle() async throws {
        try await Self.with("listen: 127.0.0.1:8123\nforward: {intercept: [weather]}") { workplace in
            let missing = try await windbreak("env", "--config", workplace.configuration)
            #expect(missing.status == 1 && missing.errors.contains("windbreak ca init"), "\(missing)")
            #expect(try await windbreak("ca", "init", "--config", workplace.configuration).status == 0)
            try Data("the system's\n".utf8).write(to: URL(filePath: workplace.path("system.pem")))
            try Data("the company's\n".utf8).write(to: URL(filePath: workplace.path("company.pem")))
            var variables = [
                "SSL_CERT_FILE": workplace.path("system.pem"), "REQUESTS_CA_BUNDLE": workplace.path("company.pem"),
            ]
            let authority = try #require(workplace.read("windbreak-ca.pem"))
            variables = try await Self.variables(workplace, variables)
            let path = try #require(variables["SSL_CERT_FILE"])
            #expect(path == workplace.path("windbreak-ca-bundle.pem"))
            #expect(workplace.read("windbreak-ca-bundle.pem") == "the system's\n\nthe company's\n\n" + authority)
            for name in ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE"] {
                #expect(variables[name] == path)
            }
            #expect(variables["NODE_EXTRA_CA_CERTS"] == workplace.path("windbreak-ca.pem"))
            // Within a shell that has them, it is the system's file again that is added to.
            _ = try await Self.variables(workplace, variables)
            let again = try #require(workplace.read("windbreak-ca-bundle.pem"))
            #expect(again.hasSuffix(authority) && again.components(separatedBy: authority).count == 2)
        }
    }

    @Test("leaves the program its exit code, its arguments and its environment")
    func exit() async throws {
        try await Self.with("listen: 127.0.0.1:8123") { workplace in
            let result = try await windbreak(
                "run",
                "--config",
                workplace.configuration,
                "--",
                "/bin/sh",
                "-c",
                #"echo "$http_proxy $MINE $*"; exit 37"#,
                "sh",
                "--config",
                "two words",
                environment: ["MINE": "kept"]
            )
            #expect(result.status == 37)
            #expect(result.output == "http://127.0.0.1:8123 kept --config two words")
        }
    }

    @Test("lets signals through to the program", arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1])
    func signal(_ signal: Int32) async throws {
        try await Self.with("listen: 127.0.0.1:8123") { workplace in
            let process = try WindbreakProcess(
                ["run", "--config", workplace.configuration, "--", "/bin/sh", "-c", "echo ready; exec sleep 600"],
                environment: ["PATH": "/usr/bin:/bin"]
            )
            defer { process.send(SIGKILL) }
            _ = try await process.output.wait(for: "the program") { $0.contains("ready") ? true : nil }
            process.send(signal)
            #expect(try await process.end() == -signal)
        }
    }

    @Test(
        "says why a program cannot be run",
        arguments: [("/no/such/program", 127), ("/dev/null", 126), ("no-such-program", 127)]
    )
    func missing(_ program: String, _ status: Int32) async throws {
        try await Self.with("listen: 127.0.0.1:8123") { workplace in
            let result = try await windbreak(
                "run",
                "--config",
                workplace.configuration,
                "--",
                program,
                environment: ["PATH": "/usr/bin:/bin"]
            )
            #expect(result.status == status && result.errors.contains(program), "\(result)")
        }
        let usage = try await windbreak("run")
        #expect(usage.status == 64, "\(usage)")
    }
}
