// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import CacheFile

@Suite("What waits to be written")
struct JournalTests {
    @Test("drops what the disk is too slow for, and whatever was there of the same key")
    func journalIsBounded() {
        var journal = Journal(limit: 1000)
        let small = Archived(Samples.response("x"), of: Samples.request(1))
        let large = Archived(Samples.response(String(repeating: "x", count: 2000)), of: Samples.request(2))
        let isKept = [
            journal.add(.keep(CacheKey.numbered(1), small)), journal.add(.keep(CacheKey.numbered(2), large)),
            journal.add(.remove(CacheKey.numbered(2))),
        ]
        #expect(isKept == [true, false, true])
        #expect(journal.keeps(CacheKey.numbered(1)) && !journal.keeps(CacheKey.numbered(2)))
        #expect(journal.changes.count == 2)
    }

    @Test("forgets everything rather than what it was told to forget")
    func removalsAreBounded() {
        var journal = Journal(maxChanges: 10)
        for number in 0..<15 { journal.add(.remove(CacheKey.numbered(number))) }
        #expect(journal.changes.count == 15)
        for number in 0..<20 { journal.add(.removeTarget(upstream: "test", target: "/\(number)")) }
        guard case .removeEverything = journal.changes.first else {
            Issue.record("\(journal.changes.count) changes")
            return
        }
        #expect(journal.changes.count <= 20)
    }

    @Test("still removes what a failed batch should have removed or replaced")
    func failedBatch() {
        var failed = Journal()
        failed.add(.keep(CacheKey.numbered(1), Archived(Samples.response("x"), of: Samples.request(1))))
        failed.add(.use(CacheKey.numbered(2)))
        failed.add(.removeTarget(upstream: "test", target: "/3"))
        let journal = Journal(afterFailing: failed)
        #expect(journal.changes.count == 2)
        #expect(!journal.keeps(CacheKey.numbered(1)) && journal.replaces(CacheKey.numbered(1)))
    }

    @Test("knows of variants that are gone as of those that came")
    func variants() {
        let key = CacheKey.numbered(1)
        func answer(_ name: String) -> Archived {
            Archived(Samples.response(name, fields: ["Vary": "X"], for: ["X": name]), of: Samples.request(1))
        }
        func waiting(_ journal: Journal, beside known: inout Set<Variant>) -> [String] {
            journal.answers(for: key, beside: &known).map { String(buffer: $0.response.content) }
        }
        let variants = ["a", "b", "c", "d"].map { answer($0).response.variant }
        var (older, newer) = (Journal(), Journal())
        for name in ["a", "b", "c"] { older.add(.keep(key, answer(name))) }
        older.add(.removeVariant(key, variants[1]))
        newer.add(.removeVariant(key, variants[2]))
        newer.add(.keep(key, answer("d")))
        newer.add(.removeVariant(key, variants[3]))
        newer.add(.keep(key, answer("d")))

        var known: Set<Variant> = []
        #expect(waiting(newer, beside: &known) == ["d"])
        #expect(waiting(older, beside: &known) == ["a"])
        #expect(known == Set(variants))
        #expect(!newer.replaces(key) && newer.keeps(key))
        newer.add(.removeVariant(key, variants[3]))
        #expect(!newer.keeps(key))
    }
}
