// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPCaching
import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import CacheFile

@Suite("The cache's file")
struct CacheFileTests {
    private let folder: Folder
    private let log = RecordedLog()

    init() throws { self.folder = try Folder() }

    /// Runs a test with the file open, and closes it.
    private func withFile<Result>(
        maxSize: Int = 1 << 30,
        _ body: (CacheFile) async throws -> Result
    ) async throws
        -> Result
    {
        let opened = await CacheFile.open(self.folder.file, maxSize: maxSize, logger: self.log.logger)
        let file = try #require(opened, "\(self.log.lines.value)")
        let result = try await body(file)
        await file.close()
        return result
    }

    private func content(_ file: CacheFile, _ number: Int) async -> String? {
        await file.load(CacheKey.numbered(number)).first.map { String(buffer: $0.response.content) }
    }

    @Test("gives back what it kept, before it is written and after a restart")
    func keeps() async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            for number in 0..<10 {
                file.keep(
                    Samples.response("answer \(number)"),
                    for: CacheKey.numbered(number),
                    of: Samples.request(number)
                )
            }
            #expect(await self.content(file, 3) == "answer 3")
            await file.flush()
            #expect(await self.content(file, 3) == "answer 3")
            file.keep(Samples.response("another"), for: CacheKey.numbered(3), of: Samples.request(3))
            file.remove(CacheKey.numbered(4))
            #expect(await self.content(file, 4) == nil)
        }
        try await self.withFile { file in
            #expect(file.count == 9 && file.mayHold(CacheKey.numbered(3)) && !file.mayHold(CacheKey.numbered(4)))
            #expect(await self.content(file, 3) == "another")
            #expect(await self.content(file, 4) == nil)
            let archived = await file.load(CacheKey.numbered(5))
            #expect(archived.map(\.request) == [Samples.request(5)])
            #expect(archived.first?.response.fields["content-type"] == "text/plain")
        }
        #expect(self.log.lines.value.isEmpty)
        #expect(self.folder.names.allSatisfy { $0.hasPrefix("cache.db") && !$0.contains("set-aside") })
    }

    @Test("keeps the variants of a key, the newest first")
    func variants() async throws {
        defer { self.folder.remove() }
        let start = Moment.now - .seconds(100)
        try await self.withFile { file in
            for number in 0..<20 {
                let response = Samples.response(
                    "\(number)",
                    fields: ["Vary": "X"],
                    for: ["X": "\(number)"],
                    at: start + .seconds(number)
                )
                file.keep(response, for: CacheKey.numbered(1), of: Samples.request(1))
            }
            await file.flush()
            let found = await file.load(CacheKey.numbered(1)).map { String(buffer: $0.response.content) }
            #expect(found == (4..<20).reversed().map { "\($0)" })
        }
    }

    @Test("forgets one variant, wherever it is, and no other", arguments: [0, 1, 2])
    func forgetsOneVariant(flushes: Int) async throws {
        defer { self.folder.remove() }
        let key = CacheKey.numbered(1)
        let answers = ["a", "b", "c"].map { Samples.response($0, fields: ["Vary": "X"], for: ["X": $0]) }
        try await self.withFile { file in
            for answer in answers { file.keep(answer, for: key, of: Samples.request(1)) }
            if flushes > 0 { await file.flush() }
            file.remove(answers[1].variant, of: key)
            if flushes > 1 { await file.flush() }
            let found = await file.load(key).map { String(buffer: $0.response.content) }
            #expect(Set(found) == ["a", "c"])
        }
        try await self.withFile { file in
            #expect(await file.load(key).count == 2)
            for answer in [answers[0], answers[2]] { file.remove(answer.variant, of: key) }
            #expect(await file.load(key).isEmpty)
            await file.flush()
            #expect(!file.mayHold(key))
        }
    }

    @Test("forgets what is of an upstream, or answers a target")
    func forgets() async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            for number in 0..<4 {
                let request = Samples.request(number, upstream: number < 2 ? "a" : "b")
                file.keep(Samples.response("x"), for: CacheKey.numbered(number), of: request)
            }
            file.removeAll(upstream: "a")
            file.removeAll(upstream: "b", target: "/3")
            await file.flush()
            var kept: [Int] = []
            for number in 0..<4 where await self.content(file, number) != nil { kept.append(number) }
            #expect(kept == [2])
        }
    }

    @Test("lets go of what is over, and stays within its size")
    func bounds() async throws {
        defer { self.folder.remove() }
        let limit = 4 << 20
        try await self.withFile(maxSize: limit) { file in
            file.keep(
                Samples.response("x", at: .now - .seconds(100), retention: .seconds(50)),
                for: CacheKey.numbered(1),
                of: Samples.request(1)
            )
            await file.flush()
            #expect(!file.mayHold(CacheKey.numbered(1)))
            let large = String(repeating: "x", count: 50_000)
            for number in 100..<300 {
                file.keep(Samples.response(large), for: CacheKey.numbered(number), of: Samples.request(number))
                if number % 20 == 0 { await file.flush() }
            }
            await file.flush()
            #expect(await self.content(file, 299) == large)
            #expect(await self.content(file, 100) == nil)
            #expect(30..<90 ~= file.count)
        }
        let size = try FileManager.default.attributesOfItem(atPath: self.folder.file)[.size] as? Int ?? 0
        #expect(size < limit * 2)
    }

    @Test("serves no entry that was changed on the disk")
    func brokenEntry() async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            file.keep(Samples.response("a needle in it"), for: CacheKey.numbered(1), of: Samples.request(1))
            file.keep(Samples.response("good"), for: CacheKey.numbered(2), of: Samples.request(2))
        }
        let url = URL(filePath: self.folder.file)
        var octets = try Data(contentsOf: url)
        let needle = try #require(octets.range(of: Data("needle".utf8)))
        octets[needle.lowerBound] = UInt8(ascii: "N")
        try octets.write(to: url)
        try await self.withFile { file in
            #expect(await self.content(file, 1) == nil)
            #expect(await self.content(file, 2) == "good")
            try await self.log.line("was not whole")
            #expect(!file.mayHold(CacheKey.numbered(1)))
        }
    }

    @Test(
        "sets aside what is no cache of ours",
        arguments: [
            (
                Data(
                    "just a note, and longer than the head of a database so that it is looked at in full, really".utf8
                ), "is no"
            ),
            (Data(repeating: 0x41, count: 10_000), "is no cache file"),
            (Data("SQLite format 3\0".utf8) + Data(repeating: 1, count: 4080), "belongs to something else"),
            (Data("SQLite format 3\0".utf8) + Data(count: 4080), "is damaged"),
        ]
    )
    func foreign(_ octets: Data, _ words: String) async throws {
        defer { self.folder.remove() }
        try octets.write(to: URL(filePath: self.folder.file))
        try await self.withFile { file in
            file.keep(Samples.response("x"), for: CacheKey.numbered(1), of: Samples.request(1))
            await file.flush()
            #expect(await self.content(file, 1) == "x")
        }
        let line = try await self.log.line("set aside")
        #expect(line.contains(words))
        let aside = try #require(self.folder.names.first { $0.contains("set-aside") })
        #expect(try Data(contentsOf: self.folder.url.appending(path: aside)) == octets)
    }

    @Test("sets aside a file that is damaged, and begins another", arguments: 0..<5 as Range<UInt64>)
    func damaged(seed: UInt64) async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            for number in 0..<50 {
                file.keep(
                    Samples.response(String(repeating: "\(number)", count: 2000)),
                    for: CacheKey.numbered(number),
                    of: Samples.request(number)
                )
            }
        }
        let url = URL(filePath: self.folder.file)
        var octets = try Data(contentsOf: url)
        var random = SeededGenerator(seed: seed)
        for index in 4096..<octets.count { octets[index] = .random(in: 0...255, using: &random) }
        try octets.write(to: url)
        try await self.withFile { file in
            #expect(file.count == 0)
            #expect(await self.content(file, 1) == nil)
        }
        #expect(self.log.count(of: "is damaged, and was set aside") == 1)
    }

    @Test("is left alone where there can be none")
    func noPlace() async {
        defer { self.folder.remove() }
        let file = await CacheFile.open(self.folder.file + "/no/such", maxSize: 1 << 20, logger: self.log.logger)
        #expect(file == nil)
        #expect(self.log.count(of: "in memory only") == 1)
    }

    @Test("is for its owner alone")
    func permissions() async throws {
        defer { self.folder.remove() }
        try await self.withFile { _ in }
        let attributes = try FileManager.default.attributesOfItem(atPath: self.folder.file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
    }

    @Test("keeps what memory holds too, when it makes room")
    func sparesWhatIsInMemory() async throws {
        defer { self.folder.remove() }
        try await self.withFile(maxSize: 2 << 20) { file in
            file.spare { key in key == CacheKey.numbered(0) }
            let large = String(repeating: "x", count: 50_000)
            for number in 0..<100 {
                file.keep(Samples.response(large), for: CacheKey.numbered(number), of: Samples.request(number))
                if number % 10 == 0 { await file.flush() }
            }
            await file.flush()
            #expect(!file.mayHold(CacheKey.numbered(1)) && file.mayHold(CacheKey.numbered(0)))
            #expect(await self.content(file, 0) == large)
        }
    }

    @Test("still has the variants of a key of which one is over")
    func oneVariantIsOver() async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            for (value, retention) in [("a", Duration.seconds(50)), ("b", .seconds(3600))] {
                let response = Samples.response(
                    value,
                    fields: ["Vary": "X"],
                    for: ["X": value],
                    at: .now - .seconds(100),
                    retention: retention
                )
                file.keep(response, for: CacheKey.numbered(1), of: Samples.request(1))
            }
            await file.flush()
            #expect(file.mayHold(CacheKey.numbered(1)))
            #expect(await self.content(file, 1) == "b")
        }
    }

    @Test("stands behind the memory: what is evicted there is found here")
    func behindMemory() async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            let store = MemoryStore(maxBytes: 100_000, archive: file)
            let content = String(repeating: "x", count: 4000)
            for number in 0..<100 {
                store.store(Samples.response(content), for: CacheKey.numbered(number), of: Samples.request(number))
            }
            await file.flush()
            let missing = (0..<100).filter { store.lookup(CacheKey.numbered($0), now: .now).isEmpty }
            #expect(missing.count > 70)
            let key = CacheKey.numbered(try #require(missing.first))
            #expect(store.mayRecall(key) && !store.mayRecall(CacheKey.numbered(1000)))
            #expect(await store.recall(key, now: .now).count == 1)
            #expect(store.lookup(key, now: .now).count == 1)
            store.remove(key)
            #expect(!store.mayRecall(key))
            #expect(await store.recall(key, now: .now).isEmpty)
        }
    }

    @Test("keeps the variants that memory has no room for, when one is forgotten there")
    func keepsOtherVariants() async throws {
        defer { self.folder.remove() }
        let key = CacheKey.numbered(1)
        let answers = ["a", "b"].map { Samples.response($0, fields: ["Vary": "X"], for: ["X": $0]) }
        try await self.withFile { file in
            file.keep(answers[0], for: key, of: Samples.request(1))
            let store = MemoryStore(maxBytes: 100_000, archive: file)
            store.store(answers[1], for: key, of: Samples.request(1))
            store.remove(try #require(store.lookup(key, now: .now).first), of: key)
            #expect(await store.recall(key, now: .now).map(\.variant) == [answers[0].variant])
        }
    }

    @Test("is seen and purged together with the memory before it")
    func control() async throws {
        defer { self.folder.remove() }
        try await self.withFile { file in
            let store = MemoryStore(maxBytes: 60_000, archive: file)
            for number in 0..<100 {
                let response = Samples.response(
                    String(repeating: "x", count: 2000),
                    fields: ["Cache-Tag": "all, n\(number % 10)", "Vary": "X"],
                    for: ["X": "1"]
                )
                let request = Samples.request(number, upstream: number < 50 ? "a" : "b")
                store.store(response, for: CacheKey.numbered(number), of: request)
            }
            await file.flush()
            func count(_ filter: CacheFilter) async -> Int {
                await store.entries(matching: filter, limit: 1000, now: .now).count
            }
            let entries = await store.entries(matching: CacheFilter(), limit: 60, now: .now)
            #expect(entries.count == 60 && entries.map(\.key) == entries.map(\.key).sorted())
            #expect(entries.allSatisfy(\.isArchived) && entries.contains { $0.isInMemory })
            #expect(entries.contains { !$0.isInMemory && $0.tags.contains("all") && $0.size > 2000 })
            let rest = await store.entries(matching: CacheFilter(), after: entries.last?.key, limit: 60, now: .now)
            #expect(rest.count == 40 && Set(rest.map(\.key)).isDisjoint(with: entries.map(\.key)))
            #expect(await count(CacheFilter(path: "/1")) == 11)

            let byTag = await store.purge(CacheFilter(tag: "n7"))
            #expect(byTag.count == 10 && byTag.isComplete)
            #expect(
                await store.recall(CacheKey.numbered(7), now: .now).isEmpty && !store.mayRecall(CacheKey.numbered(7))
            )
            #expect(await store.purge(CacheFilter(upstream: "a", path: "/4")).count == 10)
            #expect(await count(CacheFilter(upstream: "a")) == 35)
            // What waits to be written goes too.
            store.store(Samples.response("new"), for: CacheKey.numbered(200), of: Samples.request(200, upstream: "c"))
            #expect(await store.purge(CacheFilter(upstream: "c")).count == 1)
            await file.flush()
            #expect(await count(CacheFilter(upstream: "c")) == 0)
            #expect(await store.purge(CacheFilter()).count == 80)
            #expect(await count(CacheFilter()) == 0 && file.count == 0)
        }
    }

    @Test("keeps what is within an upstream's share, whatever the others store")
    func shares() async throws {
        defer { self.folder.remove() }
        try await self.withFile(maxSize: 4 << 20) { file in
            file.resize(maxSize: 4 << 20, shares: ["paid": 0.5])
            let content = String(repeating: "x", count: 20_000)
            for number in 0..<60 {
                file.keep(
                    Samples.response(content),
                    for: CacheKey.numbered(number),
                    of: Samples.request(number, upstream: "paid")
                )
            }
            for number in 1000..<1500 {
                file.keep(Samples.response(content), for: CacheKey.numbered(number), of: Samples.request(number))
                if number % 50 == 0 { await file.flush() }
            }
            await file.flush()
            #expect((0..<60).allSatisfy { file.mayHold(CacheKey.numbered($0)) })
            #expect(100..<220 ~= file.count)
        }
    }
}
