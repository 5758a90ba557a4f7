// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyEngine
import Testing

@testable import Admin

@Suite("What is stored")
struct CacheEndpointTests {
    private let store = MemoryStore(maxBytes: 1 << 24)

    init() {
        for number in 0..<25 { self.keep("a", "/pictures/\(number)", tags: "pictures all") }
        for number in 0..<5 { self.keep("b", "/words/\(number)?api-key=***", tags: "all") }
    }

    private func keep(_ upstream: String, _ target: String, tags: String) {
        let now = Moment.now
        let response = StoredResponse(
            ResponseHead(200, fields: ["Surrogate-Key": tags, "Content-Type": "text/plain", "X-Token": "hidden"]),
            content: ByteBuffer(string: "content"),
            variant: Variant([.init(name: "authorization", values: Array("secret\n".utf8))], isUnique: false),
            reuse: Reuse(lifetime: .seconds(3600)),
            storedAt: now,
            initialAge: 0,
            retainedUntil: now + .seconds(7200)
        )
        self.store.store(
            response,
            for: Self.key(upstream, target),
            of: CachedRequest(upstream: upstream, method: .get, target: target)
        )
    }

    private static func key(_ upstream: String, _ target: String) -> CacheKey {
        CacheKey(
            upstream: upstream,
            method: .get,
            target: target[...],
            fields: [:],
            content: ByteBuffer(),
            policy: CachePolicy(ttl: .seconds(3600)),
            credentials: CredentialNames()
        )
    }

    private func list(_ query: String) async -> LocalResponse {
        await CacheEndpoint(cache: self.store).respond(to: .of(.get, "/cache", query: query))
    }

    private func purge(_ query: String, _ fields: HeaderFields = [:]) async -> LocalResponse {
        await CachePurgeEndpoint(cache: self.store).respond(
            to: .of(.post, "/cache/purge", query: query, fields: fields)
        )
    }

    @Test("is listed in pages, each entry once")
    func pages() async throws {
        var seen: [String] = []
        var next: String?
        repeat {
            let page = await self.list("limit=7" + (next.map { "&after=\($0)" } ?? ""))
            let keys = try #require(page.json?["entries"]?.array).compactMap { $0["key"]?.string }
            #expect((1...7).contains(keys.count))
            seen += keys
            next = page.json?["next"]?.string
        } while next != nil && seen.count < 100
        #expect(seen.count == 30 && seen == Set(seen).sorted())
    }

    @Test(
        "is found by upstream, path, tag and key",
        arguments: [
            ("upstream=b", 5), ("path=/pictures/1", 11), ("tag=pictures", 25), ("tag=all&upstream=b&path=/words/2", 1),
            ("upstream=c", 0), ("tag=al", 0), ("key=\(key("a", "/pictures/3"))", 1),
            ("key=\(String(key("a", "/pictures/3").description.prefix(12)))", 1),
        ]
    )
    func filters(query: String, count: Int) async {
        let list = await self.list(query)
        #expect(list.json?["entries"]?.array?.count == count)
        let purge = await self.purge(query)
        #expect(purge.json?["purged"]?.double == Double(count))
        #expect(self.store.statistics.entries == 30 - count)
    }

    @Test("is shown with what says how it is kept, and without what may be secret")
    func show() async throws {
        let key = Self.key("b", "/words/1?api-key=***").description
        let endpoint = CacheEntryEndpoint(cache: self.store)
        let shown = await endpoint.respond(to: .of(.get, "/cache/\(key.prefix(8))"))
        #expect(shown.json?["key"]?.string == key)
        #expect(shown.json?["target"] == "/words/1?api-key=***")
        let answer = try #require(shown.json?["answers"]?.array?.first)
        #expect(answer["varies_by"]?.array == ["authorization"])
        #expect(answer["fields"]?["Content-Type"] == "text/plain")
        #expect((1...3600).contains(answer["fresh_for"]?.double ?? 0))
        #expect(!shown.text.contains("hidden") && !shown.text.contains("secret"))
        #expect(await endpoint.respond(to: .of(.get, "/cache/00000000")).status == 404)
        #expect(await endpoint.respond(to: .of(.get, "/cache/xyz")).status == 400)
    }

    @Test(
        "is not purged by what is not clear",
        arguments: [
            "", "upstream=", "all=false", "all=true&upstream=a", "tags=a", "key=12", "key=xxxxxxxxxx",
            "path=/a&path=/b",
        ]
    )
    func unclear(query: String) async {
        let answer = await self.purge(query)
        #expect(answer.status == 400)
        #expect(answer.json?["detail"]?.string?.isEmpty == false)
        #expect(self.store.statistics.entries == 30)
    }

    @Test("is purged as a whole by a word of its own")
    func all() async {
        #expect(await self.purge("all=true").json?["purged"] == .int(30))
        #expect(self.store.statistics.entries == 0)
    }

    @Test("is not purged by pages of other sites")
    func crossSite() async {
        let answer = await self.purge("all=true", ["Origin": "https://example.com", "Host": "127.0.0.1:9901"])
        #expect(answer.status == 403 && answer.reason == "cross-site")
        #expect(self.store.statistics.entries == 30)
    }

    @Test("is listed only by what is known", arguments: ["limit=0", "limit=1001", "after=x", "order=size"])
    func wrongList(query: String) async {
        #expect(await self.list(query).status == 400)
    }
}
