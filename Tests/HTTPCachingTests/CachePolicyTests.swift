// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import TestSupport
import Testing

@Suite struct CachePolicyTests {
    private let policy = CachePolicy(ttl: .seconds(60))

    @Test(
        arguments: [
            ([:], .lookUp), (["Cache-Control": "max-age=0"], .lookUp), (["Cache-Control": "no-cache"], .refresh),
            (["Cache-Control": "max-stale, No-Cache"], .refresh), (["Pragma": "no-cache"], .refresh),
            (["Pragma": "no-cache", "Cache-Control": "max-stale"], .lookUp),
            (["Cache-Control": "no-store"], .bypass(.bypass)),
            (["Cache-Control": "no-cache, no-store"], .bypass(.bypass)), (["Range": "bytes=0-1"], .bypass(.bypass)),
            (["If-None-Match": "*"], .bypass(.bypass)), (["If-Modified-Since": "x"], .bypass(.bypass)),
            (["If-Match": "*"], .bypass(.bypass)), (["If-Unmodified-Since": "x"], .bypass(.bypass)),
            (["Content-Length": "10485760"], .lookUp), (["Content-Length": "10485761"], .bypass(.bypass)),
            (["Content-Length": "99999999999999999999999"], .bypass(.bypass)),
        ] as [(HeaderFields, CachePolicy.Use)]
    )
    func readsWhatTheRequestAsksOfTheCache(fields: HeaderFields, use: CachePolicy.Use) {
        #expect(self.use(self.policy, RequestHead(.get, "/", fields: fields)) == use)
        #expect(self.use(self.policy, RequestHead(.post, "/", fields: fields)) == .bypass(.method))
    }

    private func use(_ policy: CachePolicy, _ head: RequestHead) -> CachePolicy.Use {
        policy.use(for: head, RequestDemands(head.fields))
    }

    @Test func methodsAreThoseOfThePolicy() {
        var policy = self.policy
        policy.methods = [.post]
        #expect(self.use(policy, RequestHead(.post, "/")) == .lookUp)
        #expect(self.use(policy, RequestHead(.get, "/")) == .bypass(.method))
    }

    private func terms(_ policy: CachePolicy, _ status: Int, _ fields: HeaderFields = [:]) -> StorageTerms? {
        let now = Moment.now
        return policy.terms(
            for: ResponseHead(status, fields: fields),
            to: [:],
            isAuthorized: false,
            times: ExchangeTimes(requested: now, received: now, receivedSeconds: 1_000_000_000)
        )
    }

    @Test func storesOnlyWhatIsForEverybody() {
        func mayStore(_ status: Int = 200, _ fields: HeaderFields = [:]) -> Bool {
            self.terms(self.policy, status, fields) != nil
        }
        #expect(mayStore())
        #expect(mayStore(200, ["Vary": "Accept, Origin"]))
        #expect(mayStore(200, ["Content-Length": "\(10 << 20)"]))
        #expect(!mayStore(200, ["Content-Length": "\(10 << 20 + 1)"]))
        #expect(!mayStore(200, ["Content-Type": "text/event-stream"]))
        #expect(!mayStore(201) && !mayStore(404) && !mayStore(500))
        #expect(!mayStore(200, ["Set-Cookie": "a=b"]))
        #expect(!mayStore(200, ["Vary": "*"]) && !mayStore(200, ["Vary": "Accept", "vary": "x, *"]))
    }

    @Test func partsOfAnswersAreNeverStored() {
        var policy = self.policy
        policy.statuses = [200, 201, 206, 304]
        #expect(self.terms(policy, 201) != nil)
        #expect(self.terms(policy, 206) == nil && self.terms(policy, 304) == nil)
    }

    @Test func countsAgeFromWhereTheAnswerCame() throws {
        let start = Moment.now
        for (value, initial) in [
            (nil, 0), ("7", 7), ("0", 0), ("-1", 0), ("x", 0), ("", 0), ("1.5", 0), ("99999999999999999999", 1 << 31),
            ("7, 9", 7),
        ] as [(String?, Int)] {
            var fields = HeaderFields()
            if let value { fields.add("Age", value) }
            let terms = CachePolicy(ttl: .seconds(60)).terms(
                for: ResponseHead(200, fields: fields),
                to: [:],
                isAuthorized: false,
                times: ExchangeTimes(requested: start, received: start, receivedSeconds: 1_000_000_000)
            )
            let response = try #require(terms).response(with: ByteBuffer())
            #expect(!response.fields.contains("age"))
            #expect(response.age(at: start + .milliseconds(2500)) == initial + 2)
            #expect(response.age(at: start - .seconds(1)) == initial)
            #expect(response.timeToLive(at: start + .milliseconds(2500)) == 57)
            #expect(response.timeToLive(at: start + .seconds(61)) == -1)
        }
    }

    @Test func saysWhatTheCacheDid() {
        #expect(CacheStatus.hit(timeToLive: 123).text == "windbreak; hit; ttl=123")
        #expect(
            CacheStatus.hit(timeToLive: -7, key: .numbered(1), detail: .maxStale).text
                == "windbreak; hit; ttl=-7; key=\"\(CacheKey.numbered(1).short)\"; detail=max-stale"
        )
        #expect(
            CacheStatus.forwarded(.uriMiss, status: 200, isStored: true).text
                == "windbreak; fwd=uri-miss; fwd-status=200; stored"
        )
        #expect(CacheStatus.forwarded(.method).text == "windbreak; fwd=method")
        var collapsed = CacheStatus.forwarded(.varyMiss, status: 201)
        collapsed.isCollapsed = true
        #expect(collapsed.text == "windbreak; fwd=vary-miss; fwd-status=201; collapsed")
    }
}

extension CacheStatus {
    fileprivate var text: String? {
        var fields = HeaderFields()
        fields.add("Cache-Status") { self.write(to: &$0) }
        return fields["cache-status"]
    }
}
