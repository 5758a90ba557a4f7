// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import TestSupport
import Testing

@Suite struct MemoryStoreTests {
    private let start = Moment.now

    // MARK: One answer

    @Test(arguments: [0, 1024, 200_000]) func servesWhatItStoresWithoutCopyingIt(_ length: Int) throws {
        let store = MemoryStore(maxBytes: 1 << 20)
        let content = ByteBuffer(repeating: 7, count: length)
        store.store(Self.response(content, now: self.start), for: Self.key(1), of: Self.request("a"))
        let found = try [1, 2].map { try #require(store.found(Self.key(1), now: self.start + .seconds($0))) }
        #expect(found[0].status == 200 && found[0].fields["content-type"] == "image/png")
        #expect(found.allSatisfy { $0.content == content })
        let addresses = found.map { $0.content.withUnsafeReadableBytes { $0.baseAddress } }
        #expect(addresses[0] == addresses[1])
        #expect(store.lookup(Self.key(2), now: self.start).isEmpty)
    }

    @Test func keepsTheHeadAsItWas() {
        var fields: HeaderFields = ["ETag": "\"x\"", "Gone": "x", "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"]
        fields.remove("gone")
        fields.add("Long", String(repeating: "y", count: 70_000))
        let variant = Variant(
            [.init(name: "accept", values: Array("a\n".utf8)), .init(name: "x", values: [])],
            isUnique: true
        )
        let reuse = Reuse(
            lifetime: .milliseconds(1500),
            isAlwaysValidated: true,
            isImmutable: true,
            staleWhileRevalidate: .seconds(7),
            staleIfError: .zero
        )
        let response = StoredResponse(
            ResponseHead(203, reason: "Good Enough", fields: fields),
            content: ByteBuffer(string: "content"),
            variant: variant,
            reuse: reuse,
            storedAt: self.start,
            initialAge: 1,
            retainedUntil: self.start + .milliseconds(10_500)
        )
        #expect(response.status == 203 && response.reason == "Good Enough" && response.fields == fields)
        #expect(response.content == ByteBuffer(string: "content"))
        #expect(response.variant == variant && response.reuse == reuse)
        #expect(response.entityTag == Array("\"x\"".utf8) && response.lastModified == 1_767_225_600)
        #expect(response.storedAt == self.start && response.initialAge == 1)
        #expect(response.freshUntil == self.start + .milliseconds(500))
        #expect(response.retainedUntil == self.start + .milliseconds(10_500))
        #expect(response.size == 7 + fields.wireLength)
    }

    @Test func keepsNoLargerBufferAliveThanTheContentNeeds() throws {
        var large = ByteBuffer(repeating: 7, count: 1 << 20)
        let part = large.readSlice(length: 1000)
        let slice = try #require(part)
        #expect(1000..<1300 ~= Self.response(slice, now: self.start).content.storageCapacity)
        #expect(Self.response(slice, now: self.start).content == slice)
    }

    @Test func keepsWhatIsStaleUntilItsRetentionEnds() throws {
        let store = MemoryStore(maxBytes: 1 << 20)
        let response = Self.response(now: self.start, retained: .seconds(100))
        store.store(response, for: Self.key(1), of: Self.request("a"))
        let stale = try #require(store.lookup(Self.key(1), now: self.start + .seconds(99)).first)
        #expect(!stale.isFresh(at: self.start + .seconds(99)) && stale.isFresh(at: self.start + .seconds(59)))
        #expect(store.lookup(Self.key(1), now: self.start + .seconds(100)).isEmpty)
        #expect(store.statistics.entries == 0)
    }

    @Test func keepsSomeVariantsOfAKeyTheNewestFirst() {
        let store = MemoryStore(maxBytes: 1 << 20)
        for number in 0..<40 {
            let response = Self.response(
                ByteBuffer(integer: number),
                fields: ["Vary": "X"],
                to: ["X": "\(number % 20)"],
                now: self.start + .seconds(number)
            )
            store.store(response, for: Self.key(1), of: Self.request("a"))
        }
        let kept = store.lookup(Self.key(1), now: self.start + .seconds(40)).map(\.content)
        #expect(kept == (24..<40).reversed().map { ByteBuffer(integer: $0) })
        #expect(store.statistics.entries == 16)
        store.remove(Self.key(1))
        #expect(store.lookup(Self.key(1), now: self.start + .seconds(40)).isEmpty && store.statistics.bytes == 0)
    }

    @Test func forgetsOneVariantOfAKey() throws {
        let store = MemoryStore(maxBytes: 1 << 20)
        func add(_ fields: HeaderFields, to request: HeaderFields, inPlaceOf old: StoredResponse? = nil) {
            store.store(
                Self.response(fields: fields, to: request, now: self.start),
                for: Self.key(1),
                of: Self.request("a"),
                inPlaceOf: old
            )
        }
        func found(_ value: String) -> StoredResponse? { store.found(Self.key(1), now: self.start, ["X": value]) }
        for value in ["1", "2", "3"] { add(["Vary": "X"], to: ["X": value]) }
        let second = try #require(found("2"))
        store.remove(second, of: Self.key(1))
        store.remove(second, of: Self.key(1))
        #expect(found("1") != nil && found("2") == nil && found("3") != nil && store.statistics.entries == 2)
        // One that varies by nothing answers all, once the other is gone.
        add([:], to: [:], inPlaceOf: found("3"))
        #expect(store.lookup(Self.key(1), now: self.start).count == 2 && store.statistics.entries == 2)
        for rest in store.lookup(Self.key(1), now: self.start) { store.remove(rest, of: Self.key(1)) }
        #expect(store.statistics.entries == 0 && store.statistics.bytes == 0)
    }

    @Test func forgetsWhatIsTooOld() {
        let store = MemoryStore(maxBytes: 1 << 20)
        store.store(Self.response(now: self.start), for: Self.key(1), of: Self.request("a"))
        #expect(store.found(Self.key(1), now: self.start + .milliseconds(59_999)) != nil)
        #expect(store.lookup(Self.key(1), now: self.start + .seconds(60)).isEmpty)
        #expect(store.lookup(Self.key(1), now: self.start).isEmpty)
        #expect(store.statistics.bytes == 0 && store.statistics.entries == 0)
    }

    @Test func comparesTheFieldsThatVaryNames() {
        let store = MemoryStore(maxBytes: 1 << 20)
        let response = Self.response(
            fields: ["Vary": "Origin, ACCEPT", "vary": "X-Mode"],
            to: ["Origin": "a", "Accept": "json"],
            now: self.start
        )
        store.store(response, for: Self.key(1), of: Self.request("a"))
        // Accept is in the key already.
        #expect(store.found(Self.key(1), now: self.start, ["origin": "a", "accept": "html", "other": "x"]) != nil)
        for fields in [
            [:], ["Origin": "b"], ["Origin": "A"], ["Origin": "a", "X-Mode": ""], ["Origin": "a", "origin": "a"],
        ]
            as [HeaderFields]
        {
            #expect(store.found(Self.key(1), now: self.start, fields) == nil)
        }
    }

    @Test func anAnswerThatVariesByEverythingAnswersNobodyElse() {
        #expect(!Self.response(fields: ["Vary": "Accept, *"], now: self.start).matches([:]))
        #expect(Self.response(fields: ["Vary": ""], now: self.start).matches([:]))
    }

    // MARK: Many answers

    @Test func whatIsAskedForOftenOutlivesWhatIsNot() {
        let store = MemoryStore(maxBytes: 4 << 20)
        let content = ByteBuffer(repeating: 1, count: 1024)
        for number in 0..<20_000 {
            if store.lookup(Self.key(number % 10), now: self.start).isEmpty {
                store.store(Self.response(content, now: self.start), for: Self.key(number % 10), of: Self.request("a"))
            }
            store.store(Self.response(content, now: self.start), for: Self.key(100 + number), of: Self.request("a"))
        }
        #expect((0..<10).allSatisfy { store.found(Self.key($0), now: self.start) != nil })
        #expect(store.statistics.evictions["a", default: 0] > 10_000 && store.statistics.bytes > 3 << 20)
    }

    @Test func tellsTheMemoryThatItTakes() throws {
        let response = Self.response(
            ByteBuffer(repeating: 1, count: 1024),
            fields: ["Content-Type": "application/json", "ETag": "\"1234567890\"", "X-Request": "abcdef"],
            now: self.start
        )
        let store = MemoryStore(maxBytes: 1 << 20)
        store.store(response, for: Self.key(1), of: Self.request("a"))
        // 1024 octets of content, some 70 of fields, and less than 450 for all of the tables and objects around them.
        #expect(1400...1550 ~= store.statistics.bytes)
    }

    @Test func anAnswerLargerThanTheStoreIsNotKept() {
        let store = MemoryStore(maxBytes: 10_000)
        store.store(Self.response(now: self.start), for: Self.key(1), of: Self.request("a"))
        store.store(
            Self.response(ByteBuffer(repeating: 1, count: 20_000), now: self.start),
            for: Self.key(2),
            of: Self.request("a")
        )
        #expect(store.found(Self.key(1), now: self.start) != nil)
        #expect(store.lookup(Self.key(2), now: self.start).isEmpty)
        MemoryStore(maxBytes: 0).store(Self.response(now: self.start), for: Self.key(1), of: Self.request("a"))
    }

    @Test func aNewAnswerTakesThePlaceOfTheOld() {
        let store = MemoryStore(maxBytes: 1 << 20)
        store.store(Self.response(ByteBuffer(string: "old"), now: self.start), for: Self.key(1), of: Self.request("a"))
        let bytes = store.statistics.bytes
        store.store(Self.response(ByteBuffer(string: "new"), now: self.start), for: Self.key(1), of: Self.request("a"))
        #expect(store.found(Self.key(1), now: self.start)?.content == ByteBuffer(string: "new"))
        #expect(store.statistics.bytes == bytes && store.statistics.entries == 1 && store.statistics.stores == 2)
    }

    @Test func forgetsOneUpstreamAndShrinks() {
        let store = MemoryStore(maxBytes: 1 << 20)
        for number in 0..<100 {
            store.store(
                Self.response(now: self.start),
                for: Self.key(number),
                of: Self.request(number % 2 == 0 ? "a" : "b")
            )
        }
        let each = store.statistics.bytes / 100
        #expect(store.statistics.holdings.mapValues(\.entries) == ["a": 50, "b": 50])
        store.removeAll(upstream: "a")
        #expect(store.statistics.holdings.mapValues(\.entries) == ["b": 50])
        #expect(store.found(Self.key(0), now: self.start) == nil && store.found(Self.key(1), now: self.start) != nil)
        store.resize(maxBytes: each * 10)
        #expect(store.statistics.entries == 10)
        store.resize(maxBytes: 0)
        #expect(store.statistics.bytes == 0)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func staysWithinItsBoundsAndServesOnlyWhatWasStored(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var limit = 200_000
        let store = MemoryStore(maxBytes: limit)
        var model: [Int: ByteBuffer] = [:]
        var now = self.start
        var hits = 0
        for step in 0..<3000 {
            now = now + .milliseconds(Int.random(in: 0...50, using: &random))
            let number = Int.random(in: 0..<200, using: &random)
            switch Int.random(in: 0..<20, using: &random) {
            case 0 where step % 100 == 0:
                limit = Int.random(in: 50_000...300_000, using: &random)
                store.resize(maxBytes: limit)
            case 1..<8:
                let content = ByteBuffer(repeating: UInt8(step % 256), count: Int.random(in: 0...9000, using: &random))
                store.store(Self.response(content, now: now), for: Self.key(number), of: Self.request("\(number % 3)"))
                model[number] = content
            case 8 where step % 200 == 0:
                store.removeAll(upstream: "\(number % 3)")
                for other in model.keys where other % 3 == number % 3 { model[other] = nil }
            default:
                guard let found = store.found(Self.key(number), now: now) else { break }
                hits += 1
                #expect(found.content == model[number])
            }
            #expect(store.statistics.bytes <= limit)
        }
        #expect(hits > 0 && !store.statistics.evictions.isEmpty)
        store.resize(maxBytes: 0)
        #expect(store.statistics.bytes == 0 && store.statistics.holdings.isEmpty)
    }

    @Test func staysWithinItsBoundsUnderManyTasks() async {
        let store = MemoryStore(maxBytes: 100_000)
        let start = self.start
        await withTaskGroup { group in
            for task in 0..<8 {
                group.addTask {
                    var random = SeededGenerator(seed: UInt64(task))
                    for step in 0..<500 {
                        let number = Int.random(in: 0..<100, using: &random)
                        let now = start + .milliseconds(step)
                        let content = ByteBuffer(integer: number)
                        if let found = store.found(Self.key(number), now: now) { #expect(found.content == content) }
                        store.store(Self.response(content, now: now), for: Self.key(number), of: Self.request("a"))
                    }
                }
            }
        }
        #expect(store.statistics.bytes <= 100_000 && store.statistics.entries > 0)
        store.removeAll(upstream: "a")
        #expect(store.statistics.entries == 0)
    }

    // MARK: Shares

    private static func fill(
        _ store: MemoryStore,
        _ upstream: String,
        _ keys: Range<Int>,
        at now: Moment
    ) {
        for number in keys {
            let response = Self.response(ByteBuffer(repeating: 1, count: 1000), now: now)
            store.store(response, for: Self.key(number), of: Self.request(upstream))
        }
    }

    private static func found(_ store: MemoryStore, _ keys: Range<Int>, at now: Moment) -> Int {
        keys.count { store.found(Self.key($0), now: now) != nil }
    }

    @Test func nobodyDrivesOutWhatIsWithinAShare() {
        let store = MemoryStore(maxBytes: 1 << 20)
        let paid = store.part(of: "paid", hasShare: true)
        store.apply(shares: ["paid": 0.5])
        Self.fill(paid, "paid", 0..<300, at: self.start)
        Self.fill(store, "free", 1000..<5000, at: self.start)
        #expect(Self.found(paid, 0..<300, at: self.start) == 300)
        #expect(store.statistics.evictions["paid"] == nil && store.statistics.bytes <= 1 << 20)
        // Nor does it drive out others from what is theirs; what nobody needs it may have.
        Self.fill(paid, "paid", 6000..<10_000, at: self.start)
        let bytes = store.statistics.holdings.mapValues(\.bytes)
        #expect(500_000...550_000 ~= bytes["paid", default: 0] && 500_000...550_000 ~= bytes["free", default: 0])
        _ = store.part(of: "free", hasShare: false)
        store.removeAll(upstream: "free")
        Self.fill(paid, "paid", 6000..<10_000, at: self.start)
        #expect(store.statistics.bytes > 1_000_000)
    }

    @Test func sharesThatChangeMoveWhatIsStored() async {
        let store = MemoryStore(maxBytes: 1 << 20)
        Self.fill(store, "a", 0..<10, at: self.start)
        Self.fill(store, "b", 10..<20, at: self.start)
        let part = store.part(of: "a", hasShare: true)
        store.apply(shares: ["a": 0.2])
        #expect(Self.found(part, 0..<20, at: self.start) == 10 && Self.found(store, 0..<20, at: self.start) == 10)
        #expect(await part.entries(matching: CacheFilter(), limit: 100, now: self.start).count == 20)
        #expect(store.statistics.entries == 20 && part.holds(Self.key(15)))
        store.apply(shares: [:])
        #expect(Self.found(part, 0..<20, at: self.start) == 0 && Self.found(store, 0..<20, at: self.start) == 20)
        #expect(await part.purge(CacheFilter(upstream: "a")).count == 10)
        #expect(store.statistics.entries == 10)
    }

    private static func request(_ upstream: String) -> CachedRequest {
        CachedRequest(upstream: upstream, method: .get, target: "/")
    }

    private static func key(_ number: Int) -> CacheKey { .numbered(number) }

    /// - Parameter retained: Default: for as long as it is fresh, which is a minute.
    private static func response(
        _ content: ByteBuffer = ByteBuffer(string: "x"),
        fields: HeaderFields = ["Content-Type": "image/png"],
        to request: HeaderFields = [:],
        now: Moment,
        retained: Duration = .seconds(60)
    ) -> StoredResponse {
        let times = ExchangeTimes(requested: now, received: now, receivedSeconds: 1_000_000_000)
        let policy = CachePolicy(ttl: .seconds(60))
        let terms = policy.passingTerms(for: ResponseHead(200, fields: fields), to: request, times: times)
        return StoredResponse(
            terms.head,
            content: content,
            variant: terms.variant,
            reuse: Reuse(lifetime: .seconds(60)),
            storedAt: now,
            initialAge: 0,
            retainedUntil: now + retained
        )
    }
}

extension MemoryStore {
    fileprivate func found(
        _ key: CacheKey,
        now: Moment,
        _ request: HeaderFields = [:]
    ) -> StoredResponse? {
        self.lookup(key, now: now).first { $0.matches(request) && $0.isFresh(at: now) }
    }
}
