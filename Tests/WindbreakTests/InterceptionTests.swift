// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import LocalAuthority
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
        }
    }

    private static let file = """
        listen: 127.0.0.1:0
        admin: off
        forward:
          intercept: [origin]
          ca:
            certificate: ca.pem
            key: ca.key.pem
        upstreams:
          origin: {url: "https://api.example"}
        """

    /// What is done to a good pair of files, and what is said of it where.
    private static let flaws: [(String, @Sendable (Workplace) throws -> Void, [String])] = [
        (
            "no certificate", { try FileManager.default.removeItem(atPath: $0.path("ca.pem")) },
            [":6:18:", "no such file"]
        ),
        ("no key", { try FileManager.default.removeItem(atPath: $0.path("ca.key.pem")) }, [":7:10:", "ca init"]),
        ("a key that others read", { try Self.setMode(0o640, $0) }, [":7:10:", "chmod 600"]),
        ("no certificate in the file", { try $0.write("x", to: "ca.pem") }, [":6:18:", "not a certificate"]),
        (
            "no key in the file",
            { workplace in
                try workplace.write("x", to: "ca.key.pem")
                try Self.setMode(0o600, workplace)
            }, [":7:10:", "not a key"]
        ),
        (
            "another authority's key",
            { workplace in
                let other = try NewAuthority(for: ["api.example"], now: Int(time(nil)))
                try workplace.write(other.keyPEM, to: "ca.key.pem")
                try Self.setMode(0o600, workplace)
            }, [":7:10:", "not the key of the certificate"]
        ),
        (
            "an authority whose time is over",
            { workplace in
                let old = try NewAuthority(for: ["api.example"], now: 1_000_000_000)
                try workplace.write(old.certificatePEM, to: "ca.pem")
                try workplace.write(old.keyPEM, to: "ca.key.pem")
                try Self.setMode(0o600, workplace)
            }, [":6:18:", "has expired", "ca init --force"]
        ),
        (
            "an authority for other hosts",
            { try $0.write(Self.file.replacingOccurrences(of: "api.", with: "other.")) },
            [":4:15:", "is not for other.example of origin"]
        ),
    ]

    private static func setMode(_ mode: Int, _ workplace: Workplace) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: workplace.path("ca.key.pem"))
    }

    @Test("and everything that is wrong with its files is told before anything runs by them")
    func flaws() async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        for (what, spoil, words) in Self.flaws {
            try workplace.write(Self.file)
            let made = try await windbreak("ca", "init", "--force", "--config", workplace.configuration)
            #expect(made.status == 0, "\(made)")
            let good = try await windbreak("check", "--config", workplace.configuration)
            #expect(good.status == 0, "\(good)")
            try spoil(workplace)
            for command in ["check", "serve"] {
                let refused = try await windbreak(command, "--config", workplace.configuration)
                #expect(refused.status == 78, "\(what): \(refused)")
                for word in words + ["error: forward.", "^"] {
                    #expect(refused.errors.contains(word), "\(what): \(refused.errors)")
                }
                #expect(refused.errors.split(separator: "\n").count == 3, "\(what): \(refused.errors)")
            }
        }
    }

    @Test("and its key and its certificate change together, or not at all")
    func pair() async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        func initialise(_ options: String...) async throws -> (status: Int32, output: String, errors: String) {
            try await windbreak(["ca", "init", "--config", workplace.configuration] + options)
        }
        func files() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: workplace.path("")).sorted()
        }
        try workplace.write(Self.file)
        try workplace.write("mine", to: "ca.pem")
        let there = try await initialise()
        #expect(there.status == 1 && there.errors.contains("ca.pem is there already; --force"), "\(there)")
        #expect(try files() == ["ca.pem", "config.yaml"])
        try FileManager.default.removeItem(atPath: workplace.path("ca.pem"))
        // There is no place for the certificate.
        try workplace.write(Self.file.replacingOccurrences(of: "ca.pem", with: "none/ca.pem"))
        #expect(try await initialise().status == 1)
        #expect(try files() == ["config.yaml"])
        // The place of the certificate cannot be taken, when that of the key has been.
        try workplace.write("mine", to: "ca.key.pem")
        try FileManager.default.createDirectory(
            atPath: workplace.path("none/ca.pem"),
            withIntermediateDirectories: true
        )
        #expect(try await initialise("--force").status == 1)
        #expect(workplace.read("ca.key.pem") == "mine")
        #expect(try files() == ["ca.key.pem", "config.yaml", "none"])
        try FileManager.default.removeItem(atPath: workplace.path("ca.key.pem"))
        #expect(try await initialise("--force").status == 1)
        #expect(try files() == ["config.yaml", "none"])
    }

    @Test("need one that is for their hosts")
    func otherHosts() async throws {
        try await Self.withInterception { serving, _, workplace in
            let text = try #require(workplace.read("config.yaml"))
            try workplace.write(text.replacingOccurrences(of: "api.example", with: "other.example"))
            let verdict = try await serving.reload(until: "other.example")
            #expect(verdict.contains("forward.intercept[0]") && verdict.contains("ca init"))
            try await serving.process.line("[RELOAD] refused, nothing has changed")
        }
    }
}
