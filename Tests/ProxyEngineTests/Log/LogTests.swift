// SPDX-License-Identifier: Apache-2.0

import Foundation
import Logging
import ProxyConfiguration
import Synchronization
import TestSupport
import Testing

@testable import ProxyEngine
@testable import Resilience

@Suite("Log lines")
struct LogTests {
    @Test("carry level, message and metadata")
    func text() throws {
        let lines = try written(.text) { logger in
            logger.warning("[CIRCUIT] plant_id state transition: CLOSED → OPEN", metadata: ["b": "2", "a": "x y"])
        }
        #expect(lines.count == 1)
        #expect(try lines[0].wholeMatch(of: Regex(#"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z .*"#)) != nil)
        #expect(lines[0].hasSuffix(#"Z warning [CIRCUIT] plant_id state transition: CLOSED → OPEN a="x y" b=2"#))
    }

    @Test("of what is rejected are state changes", arguments: [true, false])
    func rejections(_ isWanted: Bool) {
        var lines = LogConfiguration.Circuit()
        lines.stateChanges = isWanted
        let recorded = RecordedLog()
        let log = CircuitLog(logger: recorded.logger, lines: lines)
        var excerpt: LogLine.Excerpt?
        log.rejected("weather")
        log.rejected("weather", again: &excerpt)
        log.write(.wouldReject(CircuitBreaker.Rejection(reason: .open, retryAfter: nil)), of: "weather")
        #expect(recorded.count(of: "[CIRCUIT] weather circuit OPEN") == (isWanted ? 3 : 0))
    }

    @Test("are one JSON object each where that is wanted")
    func json() throws {
        let lines = try written(.json) { $0.error("a \"b\" \\ é", metadata: ["level": "own", "k": "\u{7}"]) }
        let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String]
        #expect(object?["message"] == "a \"b\" \\ é")
        #expect(object?["level"] == "error")
        #expect(object?["level_"] == "own")
        #expect(object?["k"] == "\u{7}")
    }

    @Test("in pieces are like those in one", arguments: LogConfiguration.Format.allCases)
    func pieces(_ format: LogConfiguration.Format) throws {
        let lines = try written(format) {
            RequestLog($0).write(.warning, ("[CACHE] HIT ", "weather", " 1a2b3c4d..."))
            $0.warning("[CACHE] HIT weather 1a2b3c4d...")
            RequestLog($0).write(.debug, ("nobody", "reads", "this"))
        }
        #expect(lines.count == 2)
        // But for the time.
        #expect(lines[0].dropFirst(34) == lines[1].dropFirst(34) && lines[0].contains("1a2b3c4d..."))
    }

    @Test("that come again are like the first, in the format of their time and to those who want them")
    func again() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = ServerLog(try LogSink(.file(path), format: .text), level: .info)
        let requests = RequestLog(log.logger())
        var excerpt: LogLine.Excerpt?
        let formats: [LogConfiguration.Format] = [.text, .text, .json, .json, .text]
        for format in formats {
            log.sink.setFormat(format)
            requests.write(.debug, again: &excerpt, ("nobody ", "reads", " this"))
            requests.write(.info, again: &excerpt, ("[CACHE] HIT ", "weather", " 1a2b3c4d..."))
        }
        log.sink.flush()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == formats.count)
        for (line, format) in zip(lines, formats) {
            let (text, json) = (
                " info [CACHE] HIT weather 1a2b3c4d...",
                #","level":"info","message":"[CACHE] HIT weather 1a2b3c4d..."}"#
            )
            #expect(line.hasSuffix(format == .json ? json : text), "\(line)")
        }
    }

    @Test("cannot be forged by a value", arguments: LogConfiguration.Format.allCases)
    func injection(_ format: LogConfiguration.Format) throws {
        let evil = "x\r\n2026-01-01T00:00:00.000Z error forged\u{1B}[2J\u{9B}\u{7F}\0"
        let lines = try written(format) { $0.info("\(evil)", metadata: ["key": "\(evil)", "\(evil)": "v"]) }
        #expect(lines.count == 1)
        #expect(lines[0].unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) })
        if format == .json {
            let object = try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: String]
            #expect(object?["message"] == evil)
        }
    }

    @Test("below the level cost nothing and are not written; a reload changes the level")
    func level() throws {
        let lines = try written(.text) { logger in
            logger.debug("hidden")
        }
        #expect(lines.isEmpty)
    }

    @Test("that find no room are dropped, counted, and told of")
    func dropping() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let sink = try LogSink(.file(path), format: .text, capacity: 256)
        // Longer than all the room there is, so that it does not matter when the writer comes.
        sink.write { line in
            line.positional("message", String(repeating: "x", count: 300))
        }
        sink.flush()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines[0].contains("dropped=1"))
    }

    @Test("that a full disk refuses are told of once, and again when it has room")
    func fullDisk() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/full")
        let troubles = Mutex<[String]>([])
        let sink = try LogSink(.file(path), format: .text) { trouble in
            troubles.withLock { $0.append(trouble?.description ?? "none") }
        }
        for _ in 0..<2 {
            sink.write { $0.positional("message", "lost") }
            sink.flush()
        }
        try FileManager.default.removeItem(atPath: path)
        try sink.reopen()
        // What is written until then goes to the old one.
        sink.flush()
        sink.write { $0.positional("message", "kept") }
        sink.flush()
        #expect(
            troubles.withLock { $0 } == ["cannot write to the log file \(path): No space left on device", "none"]
        )
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(" kept"))
        #expect(text.contains("dropped="))
    }

    @Test("of exchanges are opened anew where they go to a file")
    func reopening() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let logger = RecordedLog().logger
        #expect(try AccessLog(.file(path), format: .text, logger: logger).reopen())
        #expect(try !AccessLog(.stdout, format: .text, logger: logger).reopen())
        #expect(try !AccessLog(.off, format: .text, logger: logger).reopen())
    }

    @Test("of many threads arrive whole")
    func concurrency() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let sink = try LogSink(.file(path), format: .text)
        let logger = ServerLog(sink, level: .info).logger()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { for number in 0..<100 { logger.info("line", metadata: ["n": "\(task)-\(number)"]) } }
            }
        }
        sink.flush()
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        #expect(Set(lines.map { $0.split(separator: " ").last }).count == 800)
        #expect(lines.allSatisfy { $0.contains(" info line n=") })
    }

    private func written(
        _ format: LogConfiguration.Format,
        _ body: (Logger) -> Void
    ) throws -> [String] {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let sink = try LogSink(.file(path), format: format)
        body(ServerLog(sink, level: .info).logger())
        sink.flush()
        return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }
}
