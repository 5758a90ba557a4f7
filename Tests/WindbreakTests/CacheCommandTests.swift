// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import TestSupport
import Testing

@Suite("The cache, as its operator has it")
struct CacheCommandTests {
    @Test("is listed, shown and purged by the command, in memory and in the file")
    func commands() async throws {
        let origin = try await FaultyUpstream { _ in .respond(200, ["Surrogate-Key": "leaves trees"], body: "an answer")
        }
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(
            Workplace.file(upstream: origin.url, more: "log: {level: notice}\ncache: {file: cache.db}")
                + "\n    cache: {ttl: 1h}\n    routes: [{path: /paid, cost: 0.5}]"
        )
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        for target in ["/a?token=secret", "/b", "/paid", "/paid", "/paid"] {
            #expect(try await serving.get("/origin\(target)").status == 200)
        }
        let admin = ["--admin", "127.0.0.1:\(serving.adminPort)"]

        let list = try await windbreak(["cache", "ls"] + admin)
        #expect(list.status == 0)
        let lines = list.output.split(separator: "\n")
        #expect(
            lines.count == 4 && lines[0].hasPrefix("KEY ") && lines.dropFirst().allSatisfy { $0.contains("origin") }
        )
        #expect(list.output.contains("/a?token=***") && !list.output.contains("secret"))
        let json = try await windbreak(["cache", "ls", "--json", "--path", "/b"] + admin)
        #expect(json.output.contains(#""target":"/b""#) && !json.output.contains("/paid"))

        let paged = try await windbreak(["cache", "ls", "--limit", "2"] + admin)
        let next = try #require(paged.errors.split(separator: " ").last).trimmingCharacters(in: .whitespacesAndNewlines)
        let rest = try await windbreak(["cache", "ls", "--after", next] + admin)
        #expect(rest.output.split(separator: "\n").count == 2 && rest.errors.isEmpty)

        let key = String(try #require(lines.last).prefix(16))
        let show = try await windbreak(["cache", "show", key] + admin)
        #expect(show.output.contains("key        \(key)") && show.output.contains("tags       leaves trees"))
        let missing = try await windbreak(["cache", "show", "00000000"] + admin)
        #expect(missing.status == 1 && missing.errors.contains("nothing is stored for this key"))

        let purge = try await windbreak(["cache", "purge", "--path", "/paid"] + admin)
        #expect(purge.status == 0 && purge.output.contains("1 entry is gone"))
        let before = origin.requests.count
        #expect(try await serving.get("/origin/paid").status == 200)
        #expect(origin.requests.count == before + 1)
        let metrics = try await Self.metrics(serving)
        #expect(metrics.contains(#"windbreak_cache_calls_saved_total{upstream="origin"} 2"#))
        #expect(metrics.contains(#"windbreak_cache_cost_saved_total{upstream="origin"} 1"#))

        let all = try await windbreak(["cache", "purge", "--tag", "trees", "--json"] + admin)
        #expect(all.output.contains(#"{"purged":3}"#))
        let empty = try await windbreak(["cache", "ls"] + admin)
        #expect(empty.status == 0 && empty.output.isEmpty && empty.errors.contains("nothing"))
        serving.process.send(SIGTERM)
        _ = try await serving.process.end()
        let dead = try await windbreak(["cache", "ls"] + admin)
        #expect(dead.status == 1 && dead.errors.contains("no answer from 127.0.0.1"))
        #expect(dead.errors.contains("Connection refused; does windbreak run"))
        await origin.stop()
    }

    @Test("is looked into over TLS, if the certificate is the one that the file has")
    func overTLS() async throws {
        let origin = try await FaultyUpstream { _ in .respond(200, body: "an answer") }
        let workplace = try Workplace()
        defer { workplace.remove() }
        func write(_ certificate: TestCertificate) throws {
            try workplace.write(
                """
                listen: 127.0.0.1:0
                admin:
                  address: unix:admin.sock
                  tls: {certificate: \(certificate.certificateFile), key: \(certificate.keyFile)}
                upstreams: {origin: {url: "\(origin.url)", cache: {ttl: 1h}}}
                """
            )
        }
        try write(.localhost)
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        #expect(try await serving.get("/origin/a").status == 200)
        let list = try await windbreak("cache", "ls", "--config", workplace.configuration)
        #expect(list.status == 0 && list.output.contains("/a"), "\(list.errors)")
        try write(.otherHost)
        let other = try await windbreak("cache", "ls", "--config", workplace.configuration)
        #expect(other.status == 1 && other.errors.contains("does not show the certificate that the file has"))
        await origin.stop()
    }

    private static func metrics(_ serving: Serving) async throws -> String {
        let client = try await TestClient(to: serving.adminPort)
        let response = try await client.exchange("GET", "/metrics")
        await client.close()
        return response.text
    }

    @Test(
        "is not purged by accident",
        arguments: [
            ["cache", "purge"], ["cache", "purge", "--all", "--upstream", "a"], ["cache", "ls", "--limit", "0"],
        ]
    )
    func unclear(_ arguments: [String]) async throws {
        #expect(try await windbreak(arguments).status == 64)
    }
}
