// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("SIGHUP")
struct ReloadTests {
    @Test("applies what changed, and says it in one line")
    func changes() async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        try workplace.write(
            Workplace.file(upstream: origin.url).replacing("fail_max: 3", with: "fail_max: 7")
        )
        let line = try await serving.reload()
        #expect(line.contains("applied: upstreams.origin.breaker.fail_max: 3 -> 7"))
        #expect(line.contains("generation=2"))
        #expect(try await serving.reload().contains("has not changed"))
        await origin.stop()
    }

    @Test("names what is wrong with a broken file, and changes nothing")
    func brokenFile() async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        let good = Workplace.file(upstream: origin.url)
        try workplace.write(good)
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        try workplace.write(good.replacing("fail_max: 3", with: "fail_max: lots"))
        try await serving.reload(until: "refused, nothing has changed")
        try await serving.process.line("config.yaml:7:", "error", "fail_max")
        #expect(try await serving.get("/origin/").text == "hello")
        await origin.stop()
    }

    @Test("changes the level and the format of the log, and where access lines go")
    func logs() async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url, more: "log: {access: off}"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        _ = try await serving.get("/origin/")
        try workplace.write(
            Workplace.file(upstream: origin.url, more: "log: {level: error, format: json, access: stdout}")
        )
        // Shown by the old level.
        let line = try await serving.reload()
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["level"] as? String == "notice")
        #expect((object["message"] as? String)?.contains("log.level: info -> error") == true)
        _ = try await serving.get("/origin/seen")
        // The client of the request before may have had its answer a moment before that was over.
        _ = try await serving.process.output.wait(for: "an access line") { lines in
            lines.first { $0.contains(#""path":"/origin/seen""#) }
        }
        // Shown by the new level.
        try workplace.write(Workplace.file(upstream: origin.url))
        #expect(try await serving.reload().contains("notice [RELOAD]"))
        await origin.stop()
    }

    @Test("under load fails no request, and forgets nothing")
    func underLoad() async throws {
        let origin = try await FaultyUpstream()
        let failing = try await FaultyUpstream { _ in .respond(500) }
        let workplace = try Workplace()
        defer { workplace.remove() }
        let good = { (threshold: Int) in
            """
            \(Workplace.file(upstream: origin.url))
                cache: {ttl: 1h}
              failing:
                url: \(failing.url)
                hosts: []
                breaker: {fail_max: 2, reset_timeout: 1h, success_threshold: \(threshold)}
            """
        }
        try workplace.write(good(1))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        for _ in 0..<2 { #expect(try await serving.get("/failing/").status == 500) }
        #expect(try await serving.get("/origin/kept").text == "hello")

        let isOver = Watched(false)
        let load = Task {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        let client = try await TestClient(to: serving.port)
                        var count = 0
                        while !isOver.value {
                            let response = try await client.exchange("GET", "/origin/\(worker)/\(count)")
                            guard response.status == 200, response.text == "hello" else {
                                throw TooLate(what: "an answer other than \(response.status)")
                            }
                            count += 1
                        }
                        await client.close()
                        return count
                    }
                }
                return try await group.reduce(0, +)
            }
        }
        for round in 0..<200 {
            let isBroken = round % 3 == 2
            try workplace.write(isBroken ? "listen: nowhere\n" + good(1) : good(2 + round))
            let line = try await serving.reload(until: isBroken ? "refused" : "applied")
            #expect(line.contains("config.yaml"))
        }
        isOver.update { $0 = true }
        #expect(try await load.value > 200)
        let log = serving.process.log.value
        #expect(log.count { $0.contains("config.yaml:1:") || $0.contains("config.yaml:2:") } >= 66)

        #expect(try await serving.get("/failing/").status == 503)
        #expect(failing.requests.count == 2)
        #expect(try await serving.get("/origin/kept").text == "hello")
        #expect(origin.requests.count { $0.target.hasSuffix("/kept") } == 1)
        await origin.stop()
        await failing.stop()
    }
}
