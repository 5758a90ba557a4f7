// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import Testing

@Suite struct CacheControlTests {
    private func read(_ lines: String...) -> CacheControl {
        var fields = HeaderFields()
        for line in lines { fields.add("Cache-Control", line) }
        return CacheControl(fields)
    }

    @Test func `reads tokens and quoted strings without regard to case (5.2)`() {
        let control = self.read("Max-Age=60, S-MAXAGE=\"7\" ,, public", "must-revalidate,unknown=\"a, no-store\"")
        #expect(control.maxAge == 60 && control.sharedMaxAge == 7)
        #expect(control.isPublic && control.mustRevalidate && !control.noStore)
    }

    @Test(
        arguments: [
            ("0", 0), ("99999999999999999999", 1 << 31), ("-1", 0), ("1.5", 0), ("60s", 0), ("'60'", 0), ("", 0),
            ("\"60\"x", 0), ("6 0", 0), ("007", 7), (" 60", 0), ("60 ", 60), ("\t\"60\"", 0),
        ] as [(String, Int)]
    )
    func `what is no number of seconds makes stale (1.2.2, 4.2.1)`(argument: String, seconds: Int) {
        #expect(self.read("max-age=\(argument)").maxAge == seconds)
    }

    @Test func `the first of two counts, and restrictions add up (4.2.1)`() {
        #expect(self.read("max-age=1, max-age=2").maxAge == 1)
        #expect(self.read("max-age=x", "max-age=2").maxAge == 0)
        #expect(self.read("no-cache=\"A\"", "no-cache=b").noCache == .fields(["a", "b"]))
        #expect(self.read("no-cache=a, no-cache").noCache == .response)
        #expect(self.read("private=\"\"").isPrivate == .response)
        #expect(self.read("private=\"Set-Cookie, X-User\"").isPrivate == .fields(["set-cookie", "x-user"]))
    }

    @Test func `a quote without an end hides nothing`() {
        #expect(self.read("foo=\"bar, no-store").noStore)
        #expect(self.read("\"x\", ;;, no-store").noStore)
    }

    @Test func `a client's stale answers may be of any age (5.2.1.2)`() {
        #expect(self.read("max-stale").maxStale == .max)
        #expect(self.read("max-stale=5").maxStale == 5)
    }
}

@Suite struct FreshnessLifetimeTests {
    private static let now: Int64 = 784_111_777
    private static let date = HTTPDate.imfFixdate(Self.now)

    private func freshness(
        _ fields: HeaderFields,
        status: Int = 200,
        delay: Int64 = 0
    ) -> FreshnessLifetime {
        FreshnessLifetime(ResponseHead(status, fields: fields), requestTime: Self.now - delay, responseTime: Self.now)
    }

    @Test func `s-maxage, max-age, Expires, in this order (4.2.1)`() {
        let expires = HTTPDate.imfFixdate(Self.now + 30)
        let all: HeaderFields = ["Cache-Control": "max-age=60, s-maxage=90", "Expires": expires, "Date": Self.date]
        #expect(self.freshness(all).lifetime == 90)
        #expect(self.freshness(["Cache-Control": "max-age=60", "Expires": expires]).lifetime == 60)
        #expect(self.freshness(["Expires": expires, "Date": Self.date]).lifetime == 30)
        #expect(self.freshness(["Expires": expires]).lifetime == 30)
        for past in ["0", "", "soon", HTTPDate.imfFixdate(Self.now - 1)] {
            let freshness = self.freshness(["Expires": past, "Last-Modified": HTTPDate.imfFixdate(0)])
            #expect(freshness.lifetime == 0 && !freshness.isHeuristic)
        }
    }

    @Test func `a guess is a tenth of the time without change, and a day at most (4.2.2)`() {
        let fields: HeaderFields = ["Last-Modified": HTTPDate.imfFixdate(Self.now - 1000), "Date": Self.date]
        #expect(self.freshness(fields).lifetime == 100 && self.freshness(fields).isHeuristic)
        #expect(self.freshness(["Last-Modified": HTTPDate.imfFixdate(0)]).lifetime == 86400)
        #expect(self.freshness(fields, status: 404).lifetime == 100)
        #expect(self.freshness(fields, status: 201).lifetime == 0)
        #expect(self.freshness([:]).lifetime == 0)
    }

    @Test func `age is the larger of what others and the clock say (4.2.3)`() {
        #expect(self.freshness(["Date": HTTPDate.imfFixdate(Self.now - 9), "Age": "3"]).initialAge == 9)
        #expect(self.freshness(["Date": Self.date, "Age": "3"], delay: 4).initialAge == 7)
        #expect(self.freshness(["Date": HTTPDate.imfFixdate(Self.now + 9), "Age": "x"]).initialAge == 0)
        #expect(self.freshness(["Age": "3, 9"]).initialAge == 3)
    }

    @Test(
        arguments: [
            (["CDN-Cache-Control": "max-age=5"], 5), (["CDN-Cache-Control": "max-age=5;x=1, max-age=6"], 6),
            (["CDN-Cache-Control": "max-age=5", "Windbreak-Cache-Control": "max-age=7"], 7),
            // Malformed or empty ones are as if absent; a value of the wrong type only unmakes its directive.
            (["CDN-Cache-Control": "max-age=5,"], 60), (["CDN-Cache-Control": "MAX-AGE=5"], 60),
            (["CDN-Cache-Control": ""], 60), (["CDN-Cache-Control": "max-age=\"5\""], 0),
            (["CDN-Cache-Control": "max-age=5, a=(b \"c\";d=1 2.5);e, f=:aGk=:, g=@7, h=%\"x\", i=\"\\\"\\\\\""], 5),
            (["CDN-Cache-Control": #"max-age=5, h=%"\", i=%"f%c3%bc""#], 5),
            (["CDN-Cache-Control": #"max-age=5, h=%"%C3%BC""#], 60),
            (["CDN-Cache-Control": #"max-age=5, h=%"%ff""#], 60),
            (["CDN-Cache-Control": #"max-age=5, h=%"%a""#], 60), (["CDN-Cache-Control": #"max-age=5, h=%"a"#], 60),
            (["CDN-Cache-Control": "max-age=5.0"], 0), (["CDN-Cache-Control": "max-age=-5"], 0),
            (["CDN-Cache-Control": "max-age=5;"], 60), (["CDN-Cache-Control": "max-age=5, a=(b"], 60),
            (["CDN-Cache-Control": "max-age=5, a=\"b\\c\""], 60), (["CDN-Cache-Control": "max-age=5 a"], 60),
            (["CDN-Cache-Control": "max-age=5, a=1.2345"], 60), (["CDN-Cache-Control": "max-age=5, a=:b!:"], 60),
            (["CDN-Cache-Control": "max-age=5, max-age=x"], 0), (["CDN-Cache-Control": "max-age=5, a=@x"], 60),
            (["CDN-Cache-Control": "max-age=9999999999999999"], 60), (["CDN-Cache-Control": ", max-age=5"], 60),
        ] as [(HeaderFields, Int)]
    )
    func `a field for this cache comes before Cache-Control (RFC 9213, 2)`(fields: HeaderFields, lifetime: Int) {
        var fields = fields
        fields.add("Cache-Control", "max-age=60")
        #expect(self.freshness(fields).lifetime == lifetime)
    }
}
