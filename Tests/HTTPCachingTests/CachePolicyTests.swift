// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
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
        #expect(self.policy.use(for: RequestHead(.get, "/", fields: fields)) == use)
        #expect(self.policy.use(for: RequestHead(.post, "/", fields: fields)) == .bypass(.method))
    }

    @Test func methodsAreThoseOfThePolicy() {
        var policy = self.policy
        policy.methods = [.post]
        #expect(policy.use(for: RequestHead(.post, "/")) == .lookUp)
        #expect(policy.use(for: RequestHead(.get, "/")) == .bypass(.method))
    }

    @Test func storesOnlyWhatIsWholeAndForEverybody() {
        func mayStore(
            _ status: Int = 200,
            _ fields: HeaderFields = [:],
            bytes: Int = 1,
            isComplete: Bool = true
        ) -> Bool {
            self.policy.mayStore(ResponseHead(status, fields: fields), contentBytes: bytes, isComplete: isComplete)
        }
        #expect(mayStore())
        #expect(mayStore(200, ["Vary": "Accept, Origin"]))
        #expect(mayStore(bytes: 10 << 20))
        #expect(!mayStore(bytes: 10 << 20 + 1))
        #expect(!mayStore(isComplete: false))
        #expect(!mayStore(201) && !mayStore(404) && !mayStore(500))
        #expect(!mayStore(200, ["Set-Cookie": "a=b"]))
        #expect(!mayStore(200, ["Vary": "*"]) && !mayStore(200, ["Vary": "Accept", "vary": "x, *"]))
    }

    @Test func partsOfAnswersAreNeverStored() {
        var policy = self.policy
        policy.statuses = [200, 201, 206, 304]
        #expect(policy.mayStore(ResponseHead(201), contentBytes: 0, isComplete: true))
        #expect(!policy.mayStore(ResponseHead(206), contentBytes: 0, isComplete: true))
        #expect(!policy.mayStore(ResponseHead(304), contentBytes: 0, isComplete: true))
    }

    @Test func saysWhatTheCacheDid() {
        #expect(CacheStatus.hit(timeToLive: 123).description == "windbreak; hit; ttl=123")
        #expect(
            CacheStatus.forwarded(.uriMiss, status: 200, isStored: true).description
                == "windbreak; fwd=uri-miss; fwd-status=200; stored"
        )
        #expect(CacheStatus.forwarded(.method, status: nil, isStored: false).description == "windbreak; fwd=method")
        #expect(
            CacheStatus.collapsed(.varyMiss, status: 201).description
                == "windbreak; fwd=vary-miss; fwd-status=201; collapsed"
        )
    }
}
