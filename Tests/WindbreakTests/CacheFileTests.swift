// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPMessage
import TestSupport
import Testing

@Suite("Answers that outlive the process")
struct CacheFileTests {
    private static func file(_ origin: FaultyUpstream, _ more: String = "") -> String {
        Workplace.file(upstream: origin.url, more: "log: {level: notice}\ncache: {file: cache.db\(more)}")
            + "\n    cache: {ttl: 1h}"
    }

    /// An origin that counts what it is asked, and whose answers tell whether they are whole.
    private static func origin() async throws -> FaultyUpstream {
        try await FaultyUpstream { request in
            .respond(body: Self.content(for: request.target))
        }
    }

    private static func content(for target: String) -> String {
        String(repeating: "\(target);", count: 50 + target.hashed % 500)
    }

    @Test("are served again after a restart, and after a kill a second later")
    func restart() async throws {
        let origin = try await Self.origin()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Self.file(origin))
        for signal in [SIGTERM, SIGKILL, SIGTERM] {
            let serving = try await Serving(workplace)
            defer { serving.kill() }
            for number in 0..<20 {
                let response = try await serving.get("/origin/\(number)")
                #expect(response.text == Self.content(for: "/\(number)"))
            }
            #expect(origin.requests.count == 20)
            if signal == SIGKILL {
                // What was stored was stored by the process before.
                serving.process.send(SIGKILL)
            } else {
                serving.process.send(signal)
            }
            _ = try await serving.process.end()
        }
        await origin.stop()
    }

    @Test("are after a restart still for the same callers and languages only, by the operator's word and the origin's")
    func variantsAndCallers() async throws {
        let origin = try await FaultyUpstream { request in
            let words = ["accept-language", "authorization"].map { request.fields[$0] ?? "-" }.joined(separator: " ")
            return .respond(
                200,
                ["Vary": "Accept-Language, Authorization", "Cache-Control": "max-age=3600, public"],
                body: words
            )
        }
        let workplace = try Workplace()
        defer { workplace.remove() }
        for mode in ["{mode: ttl, ttl: 1h}", "{mode: http}"] {
            let file = Workplace.file(upstream: origin.url, more: "log: {level: notice}\ncache: {file: cache.db}")
            try workplace.write(file + "\n    cache: \(mode)")
            for isWarm in [false, true] {
                let before = origin.requests.count
                let serving = try await Serving(workplace)
                defer { serving.kill() }
                for (language, caller) in [("de", "a"), ("fr", "a"), ("de", "b"), ("en", "b")] {
                    let client = try await TestClient(to: serving.port)
                    let fields: HeaderFields = ["Accept-Language": language, "Authorization": "Bearer \(caller)"]
                    let response = try await client.exchange("GET", "/origin/x", fields)
                    #expect(response.text == "\(language) Bearer \(caller)")
                    await client.close()
                }
                #expect(origin.requests.count - before == (isWarm ? 0 : 4), "\(mode)")
                serving.process.send(SIGTERM)
                _ = try await serving.process.end()
            }
            try FileManager.default.removeItem(at: workplace.directory.appending(path: "cache.db"))
        }
        await origin.stop()
    }

    @Test("are joined with parts and found for HEAD without any memory too")
    func partsAndHeads() async throws {
        let origin = try await FaultyUpstream { request in
            var fields: HeaderFields = ["Cache-Control": "max-age=3600", "ETag": "\"a\""]
            guard let range = request.fields["range"] else { return .headOnly(200, fields) }
            let isFirst = range == "bytes=0-1"
            fields.add("Content-Range", isFirst ? "bytes 0-1/4" : "bytes 2-3/4")
            return .respond(206, fields, body: isFirst ? "01" : "23")
        }
        let workplace = try Workplace()
        defer { workplace.remove() }
        let file = Workplace.file(
            upstream: origin.url,
            more: "log: {level: notice}\ncache: {file: cache.db, memory: 0B}"
        )
        try workplace.write(file + "\n    cache: {mode: http}")
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let client = try await TestClient(to: serving.port)
        let ways: [(String, String, HeaderFields, String)] = [
            ("GET", "/parts", ["Range": "bytes=0-1"], "01"), ("GET", "/parts", ["Range": "bytes=2-3"], "23"),
            ("GET", "/parts", [:], "0123"), ("GET", "/rest", ["Range": "bytes=0-1"], "01"),
            ("GET", "/rest", [:], "0123"),
            ("HEAD", "/head", [:], ""), ("HEAD", "/head", [:], ""),
        ]
        for (method, target, fields, text) in ways {
            #expect(try await client.exchange(method, "/origin\(target)", fields).text == text, "\(target) \(fields)")
        }
        let asked = origin.requests.map { "\($0.target) \($0.fields["range"] ?? "-")" }
        #expect(
            asked == ["/parts bytes=0-1", "/parts bytes=2-3", "/rest bytes=0-1", "/rest bytes=2-", "/head -"]
        )
        await client.close()
        await origin.stop()
    }

    @Test("are whole and right after every kill in the middle of writing")
    func kills() async throws {
        // By hand: WINDBREAK_KILLS=200 swift test --filter kills
        let kills = ProcessInfo.processInfo.environment["WINDBREAK_KILLS"].flatMap { Int($0) } ?? 8
        let origin = try await Self.origin()
        let workplace = try Workplace()
        defer { workplace.remove() }
        // So small that old ones have to go all the time.
        try workplace.write(Self.file(origin, ", max_size: 2MiB, memory: 64KiB"))
        var found = 0
        for kill in 0..<kills {
            let serving = try await Serving(workplace)
            defer { serving.kill() }
            let before = origin.requests.count
            for number in max(0, kill * 40 - 60)..<(kill * 40) {
                let response = try await serving.get("/origin/\(number)")
                #expect(response.status == 200 && response.text == Self.content(for: "/\(number)"), "kill \(kill)")
            }
            found += min(60, kill * 40) - (origin.requests.count - before)
            // Half of them have been written by then; with the others it is at it.
            for number in (kill * 40)..<(kill * 40 + 40) {
                _ = try await serving.get("/origin/\(number)")
                if number % 40 == 20 { try await serving.keeps("/\(number)") }
            }
            serving.process.send(SIGKILL)
            _ = try await serving.process.end()
            #expect(!serving.process.log.value.contains { $0.contains("[CACHE]") }, "kill \(kill)")
        }
        #expect(found > kills * 15)
        await origin.stop()
    }

    @Test("are begun anew when the file is something else")
    func foreign() async throws {
        let origin = try await Self.origin()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Self.file(origin))
        try workplace.write(String(repeating: "a diary. ", count: 100), to: "cache.db")
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        try await serving.process.line("cache.db is no cache file, and was set aside")
        #expect(try await serving.get("/origin/1").status == 200)
        let names = try FileManager.default.contentsOfDirectory(atPath: workplace.directory.path())
        #expect(names.contains { $0.hasPrefix("cache.db.set-aside-") })
        await origin.stop()
    }
}

extension Serving {
    /// Waits until an answer is in the file.
    fileprivate func keeps(_ target: String) async throws {
        let admin = try await TestClient(to: self.adminPort)
        try await eventually("\(target) to be in the file") {
            try await admin.exchange("GET", "/cache?path=\(target)").text.contains(#""file":true"#)
        }
        await admin.close()
    }
}

extension String {
    /// The same in every process.
    fileprivate var hashed: Int { Int(self.utf8.reduce(UInt32(7)) { $0 &* 31 &+ UInt32($1) }) }
}
