// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import Testing

@Suite struct ReuseTests {
    private func reuse(_ control: String) -> Reuse {
        let head = ResponseHead(200, fields: ["Cache-Control": control])
        return Reuse(head.fields, freshness: FreshnessLifetime(head, requestTime: 0, responseTime: 0))
    }

    private func verdict(_ control: String, age: Int, _ request: String? = nil) -> Reuse.Verdict {
        self.reuse(control).verdict(age: .seconds(age), request: request.map { CacheControl(["Cache-Control": $0]) })
    }

    @Test func `fresh until its lifetime is over, and never with no-cache (4.2, 5.2.2.4)`() {
        #expect(self.verdict("max-age=10", age: 9) == .fresh && self.verdict("max-age=10", age: 10) == .mustValidate)
        #expect(self.verdict("max-age=10, no-cache", age: 0) == .mustValidate)
        #expect(self.verdict("max-age=10, no-cache=\"a\"", age: 0) == .fresh)
    }

    @Test(
        arguments: [
            ("no-cache", 1, .mustValidate), ("max-age=5", 5, .fresh), ("max-age=5", 6, .mustValidate),
            ("min-fresh=4", 6, .fresh), ("min-fresh=4", 7, .mustValidate),
            ("max-stale", 99, .stale(revalidating: false)),
            ("max-stale=5", 15, .stale(revalidating: false)), ("max-stale=5", 16, .mustValidate),
            ("max-age=3, max-stale", 4, .mustValidate),
        ] as [(String, Int, Reuse.Verdict)]
    )
    func `heeds what the client asks for (5.2.1)`(request: String, age: Int, verdict: Reuse.Verdict) {
        #expect(self.verdict("max-age=10", age: age, request) == verdict)
    }

    @Test(arguments: ["must-revalidate", "proxy-revalidate", "s-maxage=10", "no-cache"])
    func `is never served stale against the origin's word (4.2.4)`(word: String) {
        let control = "\(word), max-age=10, stale-while-revalidate=9, stale-if-error=9"
        #expect(self.verdict(control, age: 11) == .mustValidate)
        #expect(self.verdict(control, age: 11, "max-stale") == .mustValidate)
        #expect(!self.reuse(control).mayReplaceError(age: .seconds(11), allowance: .seconds(3600)))
    }

    @Test func `stale while a new one is fetched, and in place of errors (RFC 5861)`() {
        let control = "max-age=10, stale-while-revalidate=5, stale-if-error=7"
        #expect(self.verdict(control, age: 14) == .stale(revalidating: true))
        #expect(self.verdict(control, age: 15) == .mustValidate)
        #expect(self.reuse(control).mayReplaceError(age: .seconds(17), allowance: .zero))
        #expect(!self.reuse(control).mayReplaceError(age: .seconds(18), allowance: .seconds(3)))
        #expect(self.reuse(control).mayReplaceError(age: .seconds(18), allowance: .seconds(3600)))
        #expect(self.reuse("max-age=10").mayReplaceError(age: .seconds(70), allowance: .seconds(60)))
        #expect(!self.reuse("max-age=10").mayReplaceError(age: .seconds(11), allowance: .zero))
    }
}
