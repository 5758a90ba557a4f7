// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import CacheFile

@Suite("The record of an entry")
struct EntryRecordTests {
    private let start = Moment.now

    private func record(_ random: inout SeededGenerator) -> EntryRecord {
        var octets: [UInt8] = []
        for _ in 0..<Int.random(in: 0..<2000, using: &random) { octets.append(.random(in: 0...255, using: &random)) }
        var fields: HeaderFields = ["Content-Type": "image/png", "Vary": "X-Mode, Accept"]
        octets.prefix(20).withUnsafeBytes { value in
            // Not every octet of a value is UTF-8.
            Array("X-Raw".utf8).withUnsafeBytes { fields.add(name: $0, value: value) }
        }
        let number = Int.random(in: 0..<1000, using: &random)
        return EntryRecord(
            key: CacheKey.numbered(number),
            request: Samples.request(number),
            response: StoredResponse(
                ResponseHead(203, reason: "Good Enough", fields: fields),
                content: ByteBuffer(bytes: octets),
                variant: Variant([.init(name: "x-mode", values: Array("\(number)\n".utf8))], isUnique: false),
                reuse: Reuse(
                    lifetime: .milliseconds(number * 1000),
                    isAlwaysValidated: number % 2 == 0,
                    isNeverStale: number % 3 == 0,
                    isImmutable: number % 4 == 0,
                    staleWhileRevalidate: .seconds(number % 7),
                    staleIfError: number % 5 == 0 ? nil : .seconds(number)
                ),
                storedAt: self.start - .seconds(number),
                initialAge: number,
                retainedUntil: self.start + .seconds(number)
            )
        )
    }

    @Test("reads back as what it was, by another clock", arguments: 0..<20 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let record = self.record(&random)
        let octets = record.encoded(by: WallClock(moment: self.start, sinceEpoch: .seconds(1_000_000)))
        // A process whose monotonic clock stands elsewhere, ten seconds later.
        let later = WallClock(moment: self.start + .seconds(5000), sinceEpoch: .seconds(1_000_010))
        let read = try #require(octets.withUnsafeReadableBytes { EntryRecord($0, clock: later) })
        let (response, original) = (read.response, record.response)
        #expect(read.key == record.key && read.request == record.request)
        #expect(response.status == 203 && response.reason == "Good Enough" && response.fields == original.fields)
        var raw: [UInt8] = []
        response.fields.forEachValue(of: "x-raw") { raw = Array($0) }
        #expect(raw == Array(original.content.readableBytesView.prefix(20)))
        #expect(response.content == original.content && response.variant == original.variant)
        #expect(response.reuse == original.reuse && response.initialAge == original.initialAge)
        let now = later.moment
        #expect(response.age(at: now) == original.age(at: self.start) + 10)
        #expect((response.retainedUntil - now) == (original.retainedUntil - self.start) - .seconds(10))
        #expect(response.variant.number == original.variant.number)
    }

    @Test("is nothing when any octet is another, or one is missing", arguments: 0..<10 as Range<UInt64>)
    func damage(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let whole = Array(self.record(&random).encoded(by: .now).readableBytesView)
        for _ in 0..<100 {
            var broken = whole
            broken[Int.random(in: broken.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            #expect(broken.withUnsafeBytes { EntryRecord($0, clock: .now) } == nil, "seed \(seed)")
            let part = whole.prefix(Int.random(in: 0..<whole.count, using: &random))
            #expect(Array(part).withUnsafeBytes { EntryRecord($0, clock: .now) } == nil, "seed \(seed)")
        }
        #expect(whole.withUnsafeBytes { EntryRecord($0, clock: .now) } != nil)
    }

    @Test("is no younger than new when the calendar was set back")
    func calendar() throws {
        var random = SeededGenerator(seed: 1)
        let octets = self.record(&random).encoded(by: WallClock(moment: self.start, sinceEpoch: .seconds(100_000)))
        let before = WallClock(moment: self.start, sinceEpoch: .seconds(50_000))
        let read = try #require(octets.withUnsafeReadableBytes { EntryRecord($0, clock: before) })
        #expect(read.response.storedAt == self.start)
    }
}
