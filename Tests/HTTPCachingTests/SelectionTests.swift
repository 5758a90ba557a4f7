// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Testing

@testable import HTTPCaching

@Suite struct SelectionTests {
    private let now = Moment.now
    private let policy = CachePolicy()

    /// Kept in the order in which they are given, the last before the others.
    private func variants(_ answers: [(name: String, vary: String?, date: Int64)], to request: HeaderFields) -> Variants
    {
        let times = ExchangeTimes(requested: self.now, received: self.now, receivedSeconds: 1_000_000_000)
        return answers.reduce(Variants()) { variants, answer in
            var fields: HeaderFields = ["Cache-Control": "max-age=9999", "X-Name": answer.name]
            fields.add("Date", HTTPDate.imfFixdate(1_000_000_000 + answer.date))
            if let vary = answer.vary { fields.add("Vary", vary) }
            let head = ResponseHead(200, fields: fields)
            let terms = self.policy.terms(for: head, to: request, isAuthorized: false, times: times)
            return terms.map { variants.adding($0.response(with: ByteBuffer()), limit: 16) } ?? variants
        }
    }

    private func selected(_ answers: [(name: String, vary: String?, date: Int64)]) -> String? {
        let request: HeaderFields = ["A": "1", "B": "1", "C": "1"]
        let variants = self.variants(answers, to: request)
        #expect(variants.count == answers.count)
        guard
            case .serve(let stored, nil) = self.policy.select(
                from: variants,
                for: request,
                RequestDemands(request),
                at: self.now
            )
        else { return nil }
        return stored.fields["x-name"]
    }

    @Test func `of several that match the most recent is served, by its Date (4)`() {
        #expect(self.selected([("x", "A", -9), ("y", "B", -5), ("z", "C", -7)]) == "y")
        #expect(self.selected([("x", "A", -5), ("y", "B", -5)]) == "y")
        #expect(self.selected([("x", nil, 0)]) == "x")
    }

    @Test func `one that says what it varies by comes before one that does not (4.1)`() {
        #expect(self.selected([("x", "A", -9), ("y", nil, 0)]) == "x")
        #expect(self.selected([("x", nil, 0), ("y", "A", -9)]) == "y")
    }

    @Test func `why nothing is served is told apart (RFC 9211, 2.2)`() {
        func reason(_ variants: Variants, _ request: HeaderFields) -> CacheStatus.Reason? {
            let demands = RequestDemands(request)
            let selection = self.policy.select(from: variants, for: request, demands, at: self.now)
            guard case .forward(let reason, _) = selection else { return nil }
            return reason
        }
        let part = StoredResponse(
            ResponseHead(206, fields: ["Content-Range": "bytes 0-1/9", "ETag": "\"a\""]),
            content: ByteBuffer(string: "01"),
            variant: Variant(["Vary": "A"], to: ["A": "1"], keyedBy: []).holding(ContentRange(0..<2, of: 9)),
            reuse: Reuse(lifetime: .seconds(60)),
            storedAt: self.now,
            initialAge: 0,
            retainedUntil: self.now + .seconds(60)
        )
        #expect(reason(Variants(), [:]) == .uriMiss)
        #expect(reason(Variants(part), ["A": "2"]) == .varyMiss)
        #expect(reason(Variants(part), ["A": "1"]) == .partial)
        #expect(reason(Variants(part), ["A": "1", "Range": "bytes=1-2"]) == .partial)
        #expect(reason(Variants(part), ["A": "1", "Range": "bytes=1-1"]) == nil)
    }
}
