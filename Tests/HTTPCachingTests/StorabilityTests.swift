// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import Testing

@Suite struct StorabilityTests {
    private func mayStore(
        _ status: Int,
        _ fields: HeaderFields,
        to request: HeaderFields = [:],
        allowance: Int = 0
    ) -> Bool {
        let head = ResponseHead(status, fields: fields)
        let freshness = FreshnessLifetime(head, requestTime: 1_000_000_000, responseTime: 1_000_000_000)
        return Storability.mayStore(
            head,
            to: request,
            isAuthorized: request.contains("authorization"),
            freshness: freshness,
            allowance: allowance
        )
    }

    @Test func `explicit freshness, public, or a status that may be kept on a guess (3)`() {
        #expect(
            self.mayStore(200, ["Cache-Control": "max-age=1"]) && self.mayStore(299, ["Cache-Control": "max-age=1"])
        )
        #expect(self.mayStore(200, ["ETag": "\"a\""]) && !self.mayStore(201, ["ETag": "\"a\""]))
        #expect(self.mayStore(201, ["ETag": "\"a\"", "Cache-Control": "public"]))
        #expect(!self.mayStore(200, [:]) && !self.mayStore(200, ["Cache-Control": "max-age=0"]))
        #expect(
            !self.mayStore(206, ["Cache-Control": "max-age=1"]) && !self.mayStore(304, ["Cache-Control": "max-age=1"])
        )
    }

    @Test func `what is stale at once is kept if it says what it is good for (RFC 5861)`() {
        for word in ["stale-while-revalidate=9", "stale-if-error=9"] {
            #expect(self.mayStore(200, ["Cache-Control": "max-age=0, \(word)"]))
            #expect(self.mayStore(200, ["Cache-Control": "max-age=0, \(word)", "Age": "8"]))
            #expect(!self.mayStore(200, ["Cache-Control": "max-age=0, \(word)", "Age": "9"]))
            #expect(!self.mayStore(200, ["Cache-Control": "max-age=0, no-cache, \(word)"]))
            #expect(!self.mayStore(200, ["Cache-Control": "max-age=0, must-revalidate, \(word)"]))
        }
    }

    @Test func `what came too late is kept for clients that take it stale (5.2.1.2)`() {
        #expect(self.mayStore(200, ["Cache-Control": "max-age=5", "Age": "14"]))
        for word in ["must-revalidate", "proxy-revalidate", "s-maxage=5", "no-cache"] {
            #expect(!self.mayStore(200, ["Cache-Control": "max-age=5, \(word)", "Age": "14"]))
        }
    }

    @Test func `what the operator has stand in for errors is kept for that (4.2.4)`() {
        for fields in [[:], ["Cache-Control": "max-age=0"], ["Expires": "0"]] as [HeaderFields] {
            #expect(!self.mayStore(200, fields) && self.mayStore(200, fields, allowance: 60))
        }
        for word in ["must-revalidate", "s-maxage=0", "no-cache", "no-store", "private"] {
            #expect(!self.mayStore(200, ["Cache-Control": "max-age=0, \(word)"], allowance: 60))
        }
        #expect(!self.mayStore(500, [:], allowance: 60))
        // Nobody stands in with what was answered to somebody's cookie.
        #expect(!self.mayStore(200, ["ETag": "\"a\""], to: ["Cookie": "a=b"], allowance: 60))
    }

    @Test func `an answer about a range or a condition is for nobody else (RFC 9110, 13.2 and 14.2)`() {
        let fresh: HeaderFields = ["Cache-Control": "max-age=9"]
        #expect(self.mayStore(416, fresh) && !self.mayStore(416, fresh, to: ["Range": "bytes=9-"]))
        for name in ["If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"] {
            #expect(self.mayStore(412, fresh) && !self.mayStore(412, fresh, to: [name: "x"]))
        }
        #expect(self.mayStore(200, fresh, to: ["Range": "bytes=9-", "If-None-Match": "x"]))
    }

    @Test func `cookies forbid nothing but a guess (7.3)`() {
        let guess: HeaderFields = ["Last-Modified": "Thu, 01 Jan 1970 00:00:00 GMT"]
        #expect(self.mayStore(200, guess) && !self.mayStore(200, guess, to: ["Cookie": "a=b"]))
        #expect(self.mayStore(200, ["Cache-Control": "max-age=1"], to: ["Cookie": "a=b"]))
        // To be validated each time, by the origin who sees the cookie.
        #expect(self.mayStore(200, ["ETag": "\"a\""], to: ["Cookie": "a=b"]))
        #expect(!self.mayStore(200, ["ETag": "\"a\"", "Set-Cookie": "a=b"]))
    }

    @Test func `no-store on either side, private, and Vary by everything (3, 4.1)`() {
        let fresh: HeaderFields = ["Cache-Control": "max-age=9"]
        #expect(!self.mayStore(200, ["Cache-Control": "max-age=9, no-store"]))
        #expect(!self.mayStore(200, fresh, to: ["Cache-Control": "no-store"]))
        #expect(!self.mayStore(200, ["Cache-Control": "max-age=9, private"]))
        #expect(self.mayStore(200, ["Cache-Control": "max-age=9, private=\"a\""]))
        #expect(!self.mayStore(200, ["Cache-Control": "max-age=9", "Vary": "a, *"]))
        #expect(Storability.excludedFields(["Cache-Control": "private=\"A\", no-cache=b"]) == ["a", "b"])
    }

    @Test func `who understands the status may ignore no-store (5.2.2.3)`() {
        #expect(self.mayStore(200, ["Cache-Control": "max-age=9, no-store, must-understand"]))
        #expect(!self.mayStore(299, ["Cache-Control": "max-age=9, must-understand"]))
    }

    @Test func `answers to authorized requests are shared where the origin says so (3.5)`() {
        let request: HeaderFields = ["Authorization": "x"]
        #expect(!self.mayStore(200, ["Cache-Control": "max-age=9"], to: request))
        for word in ["public", "must-revalidate", "s-maxage=9"] {
            #expect(self.mayStore(200, ["Cache-Control": "max-age=9, \(word)"], to: request))
        }
    }
}

@Suite struct ValidationTests {
    private func isNotModified(_ request: HeaderFields, _ stored: HeaderFields) -> Bool {
        let modified = stored["last-modified"].flatMap { HTTPDate.seconds(parsing: $0, now: 0) }
        return Validation.isNotModified(
            request,
            entityTag: stored.octets(of: "etag"),
            lastModified: modified,
            now: 1_000_000_000
        )
    }

    @Test func `entity tags compare weakly, in lists (RFC 9110, 13.1.2)`() {
        let stored: HeaderFields = ["ETag": "W/\"a,b\"", "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"]
        for tags in ["\"x\", \"a,b\"", "W/\"a,b\"", "*", "bad, \"a,b\""] {
            #expect(self.isNotModified(["If-None-Match": tags], stored))
        }
        for tags in ["\"a\"", "a,b", "\"A,B\"", ""] {
            let request: HeaderFields = ["If-None-Match": tags, "If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"]
            #expect(!self.isNotModified(request, stored))
        }
    }

    /// Two octets that are no text, and one letter in two spellings.
    @Test(arguments: [([0xE9], [0xE8]), ([0xC3, 0xA9], [0x65, 0xCC, 0x81])] as [([UInt8], [UInt8])])
    func `tags are compared and sent on by their octets (RFC 9110, 8.8.3)`(one: [UInt8], other: [UInt8]) {
        func field(_ name: String, _ tag: [UInt8]) -> HeaderFields {
            var fields: HeaderFields = ["Range": "bytes=0-"]
            fields.add(name, octets: [0x22] + tag + [0x22])
            return fields
        }
        let stored = field("ETag", one)
        for tag in [one, other] {
            #expect(self.isNotModified(field("If-None-Match", tag), stored) == (tag == one))
            #expect(ByteRanges.areWanted(by: field("If-Range", tag), of: stored) == (tag == one))
            #expect(Validation.confirms(field("ETag", tag), stored) == (tag == one))
            #expect(Validation.describes(field("ETag", tag), stored, contentLength: 0) == (tag == one))
            #expect((field("ETag", tag) == stored) == (tag == one))
        }
        #expect(Validation.conditions(for: stored).octets(of: "if-none-match") == [0x22] + one + [0x22])
        var demand: HeaderFields = [:]
        demand = demand.appending(Validation.conditions(for: stored))
        #expect(demand.octets(of: "if-none-match") == [0x22] + one + [0x22])
    }

    @Test func `ranges need strong tags (RFC 9110, 8.8.3.2)`() throws {
        let (strong, weak) = (try #require(EntityTag("\"a\"".utf8)), try #require(EntityTag("W/\"a\"".utf8)))
        #expect(strong.stronglyMatches(strong) && !strong.stronglyMatches(weak) && strong.weaklyMatches(weak))
    }

    @Test func `dates compare where there are no tags (RFC 9110, 13.1.3)`() {
        let stored: HeaderFields = ["Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT"]
        #expect(self.isNotModified(["If-Modified-Since": "Sun, 06 Nov 1994 08:49:37 GMT"], stored))
        #expect(!self.isNotModified(["If-Modified-Since": "Sun, 06 Nov 1994 08:49:36 GMT"], stored))
        #expect(!self.isNotModified(["If-Modified-Since": "x"], stored) && !self.isNotModified([:], stored))
    }

    @Test(
        arguments: [
            (["ETag": "\"a\""], ["ETag": "\"a\""], true), (["ETag": "\"b\""], ["ETag": "\"a\""], false),
            (["ETag": "W/\"a\""], ["ETag": "\"a\""], true), ([:], ["ETag": "\"a\""], true),
            (["Last-Modified": "x"], ["Last-Modified": "y"], false), (["Last-Modified": "x"], [:], true),
            (["Last-Modified": "x"], ["Last-Modified": "y", "ETag": "\"a\""], true),
        ] as [(HeaderFields, HeaderFields, Bool)]
    )
    func `a 304 is about what it names (4.3.4)`(update: HeaderFields, stored: HeaderFields, isAbout: Bool) {
        #expect(Validation.confirms(update, stored) == isAbout)
    }

    @Test func `asks upstream with every validator, and takes over what a 304 says (4.3.1, 4.3.4, 3.2)`() {
        let stored: HeaderFields = ["ETag": "\"a\"", "Content-Type": "x", "A": "1", "A": "2", "B": "3"]
        #expect(Validation.conditions(for: stored) == ["If-None-Match": "\"a\""])
        let update: HeaderFields = ["a": "4", "A": "5", "Content-Length": "0", "Content-Type": "y"]
        let merged = Validation.merged(stored, with: update)
        #expect(merged == ["ETag": "\"a\"", "B": "3", "a": "4", "A": "5", "Content-Type": "y"])
    }

    @Test func `takes over octets as they are, and no tag that says more than is known (RFC 9110, 5.5 and 8.8.1)`() {
        var update: HeaderFields = ["ETag": "\"a\""]
        update.add("X", octets: [0xE9])
        let merged = Validation.merged(["ETag": "W/\"a\"", "X": "1"], with: update)
        #expect(merged.values(of: "etag") == ["W/\"a\""] && merged.octets(of: "x") == [0xE9])
        #expect(Validation.merged(["X": "1"], with: update)["etag"] == "\"a\"")
    }
}
