// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("The access log of a process")
struct AccessLogTests {
    @Test("has a line for each exchange, without secrets")
    func standardOutput() async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url, more: "log: {access: stdout}"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        _ = try await serving.get("/origin/a?API-Key=correct-horse&b=c")
        let line = try await serving.process.output.wait(for: "an access line") { $0.first }
        for word in [
            " access id=", " client=127.0.0.1", " method=GET", " path=/origin/a?API-Key=***&b=c", " status=200",
            " upstream=origin", " circuit=closed", " decision=pass", " attempt=1", " cache=none", " outcome=success",
            " bytes_in=0", " bytes_out=5", " ms=",
        ] { #expect(line.contains(word), "\(line)") }
        await origin.stop()
    }

    /// A line of an answer that is given again has a part of an earlier one.
    @Test("tells of a hit that comes again what it tells of the first", arguments: ["text", "json"])
    func repeatedHits(format: String) async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        let log = "log: {format: \(format), access: stdout}\ndefaults: {cache: {ttl: 1h}}"
        try workplace.write(Workplace.file(upstream: origin.url, more: log))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let client = try await TestClient(to: serving.port)
        for path in ["/origin/a?key=secret", "/origin/b"] {
            for _ in 0..<8 { #expect(try await client.exchange("GET", path).status == 200) }
        }
        let all = try await serving.process.output.wait(for: "a line for each") { $0.count == 16 ? $0 : nil }
        for (lines, path) in [(all.prefix(8), "/origin/a?key=***"), (all.suffix(8), "/origin/b")] {
            let parts = lines.dropFirst().map { $0.split(separator: format == "json" ? "," : " ") }
            for part in parts {
                #expect(part.filter(Self.isLasting) == parts[0].filter(Self.isLasting), "\(part)")
                #expect(part.count == parts[0].count)
            }
            #expect(lines.allSatisfy { $0.contains(path) && !$0.contains("secret") })
            #expect(lines.dropFirst().allSatisfy { $0.contains("hit") })
            #expect(
                format == "text" || lines.allSatisfy { (try? JSONSerialization.jsonObject(with: Data($0.utf8))) != nil }
            )
        }
        let hits = try await serving.process.log.wait(for: "a line for each hit") { lines in
            let hits = lines.filter { $0.contains("[CACHE] HIT origin ") }
            return hits.count == 14 ? hits : nil
        }
        #expect(Set(hits.map(Self.message)).count == 2)
        await origin.stop()
    }

    @Test("tells of a rejection that comes again what it tells of the first", arguments: ["text", "json"])
    func repeatedRejections(format: String) async throws {
        let origin = try await FaultyUpstream { _ in .respond(500) }
        let workplace = try Workplace()
        defer { workplace.remove() }
        let log = "log: {format: \(format), access: stdout}"
        try workplace.write(Workplace.file(upstream: origin.url, more: log))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let client = try await TestClient(to: serving.port)
        for _ in 0..<3 { #expect(try await client.exchange("GET", "/origin/").status == 500) }
        for _ in 0..<8 { #expect(try await client.exchange("GET", "/origin/").status == 503) }
        let lines = try await serving.process.output.wait(for: "a line for each") {
            $0.count == 11 ? $0.dropFirst(3) : nil
        }
        let parts = lines.map { $0.split(separator: format == "json" ? "," : " ").filter(Self.isLasting) }
        #expect(Set(parts).count == 1)
        #expect(lines.allSatisfy { $0.contains("rejected") && $0.contains("circuit-open") })
        let rejections = try await serving.process.log.wait(for: "a line for each rejection") { lines in
            let rejections = lines.filter {
                $0.contains("[CIRCUIT] origin circuit OPEN - skipping API call (fast fail)")
            }
            return rejections.count == 8 ? rejections : nil
        }
        #expect(Set(rejections.map(Self.message)).count == 1)
        await origin.stop()
    }

    @Test("tells of a client that leaves what its metrics tell")
    func clientThatLeaves() async throws {
        let origin = try await FaultyUpstream { _ in .large(16 << 20) }
        let workplace = try Workplace()
        defer { workplace.remove() }
        let more = "log: {access: stdout}\ndefaults: {cache: {ttl: 1h, max_entry: 32MiB}}\ncache: {memory: 64MiB}"
        try workplace.write(Workplace.file(upstream: origin.url, more: more))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        #expect(try await serving.get("/origin/").status == 200)
        let client = try await TestClient(to: serving.port, receiveBuffer: 4096)
        try await client.send("GET", "/origin/")
        #expect(try await client.head().status == 200)
        await client.close()
        let line = try await serving.process.output.wait(for: "its line") { $0.dropFirst().first }
        #expect(line.contains(" status=200 ") && line.contains(" cache=hit outcome=- reason=cancelled "))
        let admin = try await TestClient(to: serving.adminPort)
        let metrics = try await admin.exchange("GET", "/metrics").text
        #expect(metrics.contains(#"upstream="origin",outcome="none",status_class="2xx",cache="hit",decision="hit"} 1"#))
        await origin.stop()
    }

    /// A line without its time.
    private static func message(_ line: String) -> Substring { line.drop { $0 != " " && $0 != "," } }

    /// Whether it is the same on all lines of one answer: all but the time, the exchange's own name and its duration.
    private static func isLasting(_ part: Substring) -> Bool {
        !["20", "{\"time\"", "id=", "\"id\"", "ms=", "\"ms\""].contains { part.hasPrefix($0) }
    }

    @Test("is opened anew at SIGUSR1, so that it can be rotated")
    func rotation() async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        let file = workplace.path("access.log")
        try workplace.write(Workplace.file(upstream: origin.url, more: "log: {format: json, access: \(file)}"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        _ = try await serving.get("/origin/first")
        // The client has its answer a moment before there is a line about it.
        try await eventually("the first line") { workplace.read("access.log")?.isEmpty == false }
        try FileManager.default.moveItem(atPath: file, toPath: file + ".1")
        serving.process.send(SIGUSR1)
        try await serving.process.line("opened anew")
        _ = try await serving.get("/origin/second")
        serving.process.send(SIGTERM)
        #expect(try await serving.process.end() == 0)

        for (name, path) in [("access.log.1", "/origin/first"), ("access.log", "/origin/second")] {
            let lines = try #require(workplace.read(name)).split(separator: "\n")
            #expect(lines.count == 1)
            let object = try JSONSerialization.jsonObject(with: Data((lines.first ?? "").utf8)) as? [String: Any]
            #expect(object?["path"] as? String == path)
            #expect(object?["status"] as? Int == 200)
        }
        await origin.stop()
    }
}
