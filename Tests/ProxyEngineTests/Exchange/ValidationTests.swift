// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// Conditions and ranges, on both sides of a cache that follows the origin's word.
@Suite(.serialized) struct ValidationTests {
    private static let date = "Thu, 01 Jan 2015 00:00:00 GMT"

    // MARK: Clients' conditions (RFC 9111, 4.3.2)

    @Test(
        arguments: [
            (["If-None-Match": "\"a\""], 304), (["If-None-Match": "W/\"a\""], 304), (["If-None-Match": "*"], 304),
            (["If-None-Match": "\"x,y\", \"a\""], 304), (["If-None-Match": "\"b\""], 200),
            (["If-None-Match": "\"b\"", "If-Modified-Since": ValidationTests.date], 200),
            (["If-Modified-Since": ValidationTests.date], 304),
            (["If-Modified-Since": "Wed, 31 Dec 2014 23:59:59 GMT"], 200), (["If-Modified-Since": "x"], 200),
        ] as [(HeaderFields, Int)]
    )
    func aClientThatHasTheAnswerIsToldSo(conditions: HeaderFields, status: Int) async throws {
        try await withOriginCache { _, _ in
            .respond(
                fields: [
                    "Cache-Control": "max-age=60", "ETag": "\"a\"", "Last-Modified": Self.date,
                    "Content-Type": "text/plain",
                    "X-Other": "1",
                ],
                body: "body"
            )
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let answer = try await proxy.exchange("GET", "/api/a", conditions)
            #expect(answer.status == status && answer.cacheStatus.contains("hit"))
            #expect(answer.text == (status == 304 ? "" : "body"))
            #expect(answer.fields.contains("content-length") == (status == 200))
            #expect(answer.fields.contains("content-type") == (status == 200))
            #expect(answer.fields["etag"] == "\"a\"" && answer.fields.contains("date") && answer.fields.contains("age"))
            #expect(origin.requests.count == 1)
        }
    }

    @Test func conditionsThatTheStoreCannotAnswerGoOn() async throws {
        try await withOriginCache { request, _ in
            request.fields["if-none-match"] == "\"a\"" ? .respond(304, ["ETag": "\"a\""]) : .respond(412)
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a", ["If-None-Match": "\"a\""]).status == 304)
            #expect(try await proxy.exchange("GET", "/api/a", ["If-Match": "\"b\""]).status == 412)
            #expect(origin.requests.map { $0.fields["if-match"] } == [nil, "\"b\""])
        }
    }

    // MARK: Our own conditions (4.3.1, 4.3.3, 4.3.4)

    @Test(arguments: [true, false]) func aStaleAnswerIsConfirmed(byTag: Bool) async throws {
        let validator: HeaderFields = byTag ? ["ETag": "\"a\""] : ["Last-Modified": Self.date]
        try await withOriginCache { request, count in
            if count == 1 {
                let fields: HeaderFields = ["Cache-Control": "max-age=0", "X-A": "1", "X-B": "1"]
                return .respond(fields: fields.appending(validator), body: "body")
            }
            let isAsked = request.fields["if-none-match"] == "\"a\"" || request.fields["if-modified-since"] == Self.date
            let update: HeaderFields = ["Cache-Control": "max-age=60", "X-A": "2", "Content-Length": "9"]
            return isAsked ? .headOnly(304, update.appending(validator)) : .respond(500)
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let confirmed = try await proxy.exchange("GET", "/api/a")
            #expect(confirmed.status == 200 && confirmed.text == "body")
            #expect(confirmed.fields["x-a"] == "2" && confirmed.fields["x-b"] == "1")
            #expect(confirmed.fields["content-length"] == "4")
            #expect(confirmed.cacheStatus.hasPrefix("windbreak; fwd=stale; fwd-status=304; ttl="))
            #expect(try await proxy.exchange("GET", "/api/a").cacheStatus.contains("hit"))
            #expect(try await proxy.exchange("GET", "/api/a", ["If-None-Match": "*"]).status == 304)
            #expect(origin.requests.count == 2)
        }
    }

    @Test func whoAsksWithAConditionMeetsTheConfirmedAnswer() async throws {
        try await withOriginCache { request, count in
            request.fields["if-none-match"] == "\"a\""
                ? .respond(304, ["Cache-Control": "max-age=60"])
                : .respond(fields: ["Cache-Control": "max-age=0", "ETag": "\"a\""], body: "body")
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            // The origin is asked about what the store has, and the client about what came of it.
            let other = try await proxy.exchange("GET", "/api/a", ["If-None-Match": "\"b\""])
            #expect(other.status == 200 && other.text == "body")
            #expect(origin.requests.last?.fields.values(of: "if-none-match") == ["\"a\""])
        }
    }

    @Test func aConfirmationOfAnotherAnswerIsNotTaken() async throws {
        try await withOriginCache { request, count in
            if request.fields.contains("if-none-match") { return .respond(304, ["ETag": "\"b\""]) }
            return .respond(fields: ["Cache-Control": "max-age=0", "ETag": "\"a\""], body: "answer \(count)")
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 3")
            #expect(origin.requests.count == 3)
        }
    }

    @Test func aNewAnswerTakesThePlaceOfAStaleOne() async throws {
        try await withOriginCache { request, count in
            .respond(
                fields: ["Cache-Control": count == 1 ? "max-age=0" : "no-store", "ETag": "\"\(count)\""],
                body: "answer \(count)"
            )
        } _: { (proxy, origin) async throws in
            for count in 1...3 { #expect(try await proxy.exchange("GET", "/api/a").text == "answer \(count)") }
            // What is not to be stored has driven out what was.
            #expect(origin.requests.map { $0.fields["if-none-match"] } == [nil, "\"1\"", nil])
        }
    }

    @Test(arguments: ["no-cache", "max-age=60, no-cache", "max-age=0, must-revalidate"])
    func someAreConfirmedEachTime(control: String) async throws {
        try await withOriginCache { request, _ in
            request.fields.contains("if-none-match")
                ? .respond(304) : .respond(fields: ["Cache-Control": control, "ETag": "\"a\""], body: "body")
        } _: { (proxy, origin) async throws in
            for _ in 1...3 { #expect(try await proxy.exchange("GET", "/api/a").text == "body") }
            #expect(origin.requests.map { $0.fields.contains("if-none-match") } == [false, true, true])
        }
    }

    // MARK: Ranges (RFC 9110, 14)

    @Test(
        arguments: [
            ("bytes=0-3", 206, "0123", "bytes 0-3/10"), ("bytes=4-", 206, "456789", "bytes 4-9/10"),
            ("BYTES=-2", 206, "89", "bytes 8-9/10"), ("bytes=8-99", 206, "89", "bytes 8-9/10"),
            ("bytes=-99", 206, "0123456789", "bytes 0-9/10"), ("bytes=10-", 416, "", "bytes */10"),
            ("bytes=5-3", 200, "0123456789", nil), ("lines=0-1", 200, "0123456789", nil),
            ("bytes=x", 200, "0123456789", nil), ("bytes=0-5,3-9", 200, "0123456789", nil),
            ("bytes=20-30, 1-2", 206, "12", "bytes 1-2/10"),
        ] as [(String, Int, String, String?)]
    )
    func aPartIsServedFromTheWhole(range: String, status: Int, text: String, contentRange: String?) async throws {
        try await withOriginCache { _, _ in
            .respond(fields: ["Cache-Control": "max-age=60", "ETag": "\"a\"", "X-A": "1"], body: "0123456789")
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let part = try await proxy.exchange("GET", "/api/a", ["Range": range])
            #expect(part.status == status && part.text == text && part.fields["content-range"] == contentRange)
            #expect(part.fields["content-length"] == "\(text.utf8.count)" && part.cacheStatus.contains("hit"))
            #expect(part.fields["etag"] == "\"a\"")
            #expect(origin.requests.count == 1)
        }
    }

    @Test func severalPartsComeInOneContent() async throws {
        try await withOriginCache { _, _ in
            .respond(fields: ["Cache-Control": "max-age=60", "Content-Type": "text/x"], body: "0123456789")
        } _: { (proxy, _) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let parts = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=7-,0-1"])
            let boundary = parts.fields["content-type"]?.split(separator: "=").last ?? ""
            #expect(parts.status == 206 && parts.fields["content-type"]?.hasPrefix("multipart/byteranges; ") == true)
            #expect(
                parts.text == "--\(boundary)\r\nContent-Type: text/x\r\nContent-Range: bytes 7-9/10\r\n\r\n789\r\n"
                    + "--\(boundary)\r\nContent-Type: text/x\r\nContent-Range: bytes 0-1/10\r\n\r\n01\r\n--\(boundary)--\r\n"
            )
        }
    }

    @Test(
        arguments: [
            ("\"a\"", 206), ("\"b\"", 200), ("W/\"a\"", 200), (ValidationTests.date, 206),
            ("Wed, 31 Dec 2014 23:59:59 GMT", 200),
        ]
    )
    func aPartIsServedIfTheClientHasTheRestOfTheSame(validator: String, status: Int) async throws {
        try await withOriginCache { _, _ in
            .respond(
                fields: ["Cache-Control": "max-age=60", "ETag": "\"a\"", "Last-Modified": Self.date],
                body: "0123456789"
            )
        } _: { (proxy, _) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let part = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1", "If-Range": validator])
            #expect(part.status == status)
        }
    }

    @Test func partsOfWhatIsNotStoredComeFromTheOrigin() async throws {
        try await withOriginCache { request, _ in
            guard request.fields.contains("range") else {
                return .respond(fields: OriginCacheTests.fresh, body: "0123")
            }
            return .respond(206, ["Cache-Control": "max-age=60", "Content-Range": "bytes 0-1/4"], body: "01")
        } _: { (proxy, origin) async throws in
            for count in 1...2 {
                let part = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1"])
                #expect(part.status == 206 && part.text == "01" && part.fields["content-range"] == "bytes 0-1/4")
                #expect(part.cacheStatus.contains("hit") == (count == 2))
            }
            let less = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=1-1"])
            #expect(less.status == 206 && less.text == "1" && less.fields["content-range"] == "bytes 1-1/4")
            #expect(less.cacheStatus.contains("hit") && less.fields["content-length"] == "1")
            let other = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1", "If-Range": "\"a\""])
            #expect(other.cacheStatus.contains("fwd="))
            #expect(try await proxy.exchange("GET", "/api/a").text == "0123")
            #expect(try await proxy.exchange("HEAD", "/api/a").fields["content-length"] == "4")
            #expect(try await proxy.exchange("GET", "/api/a", ["Range": "bytes=1-2"]).text == "12")
            #expect(origin.requests.count == 3)
        }
    }

    @Test(arguments: [nil, "206 of another state", "200", "206 of another part", "416", "broken"] as [String?])
    func onlyTheRestOfABeginningIsAskedFor(instead: String?) async throws {
        try await withOriginCache { request, count in
            let fields: HeaderFields = ["Cache-Control": "max-age=60", "ETag": "\"a\"", "X-Count": "\(count)"]
            if count == 1 { return .respond(206, fields.appending(["Content-Range": "bytes 0-1/10"]), body: "01") }
            guard request.fields["range"] == "bytes=2-", request.fields["if-range"] == "\"a\"" else {
                return .respond(fields: ["ETag": "\"b\"", "Cache-Control": "max-age=60"], body: "whole")
            }
            let rest = Reply.respond(206, fields.appending(["Content-Range": "bytes 2-9/10"]), body: "23456789")
            switch instead {
            case "206 of another state":
                return .respond(206, ["ETag": "\"b\"", "Content-Range": "bytes 2-9/10"], body: "abcdefgh")
            case "206 of another part":
                return .respond(206, ["ETag": "\"a\"", "Content-Range": "bytes 2-8/10"], body: "2345678")
            case "200": return .respond(fields: ["ETag": "\"b\"", "Cache-Control": "max-age=60"], body: "whole")
            case "416": return .respond(416, ["Content-Range": "bytes */1"])
            case "broken": return rest.stopping(afterBody: 3, then: .finish)
            default: return rest
            }
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1"]).status == 206)
            let whole = try await proxy.exchange("GET", "/api/a")
            #expect(whole.status == 200 && !whole.fields.contains("content-range"))
            guard instead != "broken" else {
                #expect(!whole.isComplete)
                return
            }
            #expect(whole.text == (instead == nil ? "0123456789" : "whole"))
            #expect(whole.fields["x-count"] == (instead == nil ? "2" : nil))
            #expect(whole.cacheStatus.contains("fwd-status=\(instead == nil ? 206 : 200); ttl="))
            #expect(origin.requests.count == (instead == nil || instead == "200" ? 2 : 3))
            try await eventually("it to be stored") {
                try await proxy.exchange("GET", "/api/a").cacheStatus.contains("hit")
            }
            #expect(try await proxy.exchange("GET", "/api/a").text == whole.text)
        }
    }

    /// What is answered to `If-Range` says no more of the content than who asks lacks (RFC 9110, 15.3.7).
    @Test(arguments: [true, false])
    func aPartForWhoHasTheRestIsKeptWithThatOnly(isRestThere: Bool) async throws {
        try await withOriginCache { request, count in
            let fields: HeaderFields = ["Cache-Control": "max-age=60", "ETag": "\"a\""]
            guard let range = request.fields["range"] else {
                return .respond(fields: fields.appending(["X-Whole": "1"]), body: "0123")
            }
            let isFirst = range == "bytes=0-1"
            let part: HeaderFields = ["Content-Range": isFirst ? "bytes 0-1/4" : "bytes 2-3/4"]
            let type: HeaderFields = request.fields.contains("if-range") ? [:] : ["Content-Type": "text/x"]
            return .respond(206, fields.appending(part).appending(type), body: isFirst ? "01" : "23")
        } _: { (proxy, origin) async throws in
            if isRestThere { _ = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1"]) }
            let rest = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=2-", "If-Range": "\"a\""])
            #expect(rest.status == 206 && rest.text == "23")
            #expect(rest.cacheStatus.contains("stored") == isRestThere)
            let whole = try await proxy.exchange("GET", "/api/a")
            #expect(whole.text == "0123" && whole.cacheStatus.contains("hit") == isRestThere)
            #expect(whole.fields["content-type"] == (isRestThere ? "text/x" : nil))
            #expect(whole.fields["x-whole"] == (isRestThere ? nil : "1"))
            #expect(origin.requests.count == 2)
        }
    }

    @Test func partsOfOneStateBecomeTheWhole() async throws {
        try await withOriginCache { request, count in
            let first = request.fields["range"] == "bytes=0-1"
            let fields: HeaderFields = ["Cache-Control": "max-age=60", "ETag": "\"a\""]
            return .respond(
                206,
                fields.appending(["Content-Range": first ? "bytes 0-1/4" : "bytes 2-3/4"]),
                body: first ? "01" : "23"
            )
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("GET", "/api/a", ["Range": "bytes=0-1"]).text == "01")
            let second = try await proxy.exchange("GET", "/api/a", ["Range": "bytes=2-"])
            #expect(second.status == 206 && second.text == "23" && second.fields["content-range"] == "bytes 2-3/4")
            let whole = try await proxy.exchange("GET", "/api/a")
            #expect(whole.status == 200 && whole.text == "0123" && whole.cacheStatus.contains("hit"))
            #expect(!whole.fields.contains("content-range"))
            #expect(try await proxy.exchange("GET", "/api/a", ["Range": "bytes=1-2"]).text == "12")
            #expect(origin.requests.count == 2)
        }
    }
}
