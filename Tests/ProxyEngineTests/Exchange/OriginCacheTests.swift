// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// A shared cache that follows the origin's word (RFC 9111), over real connections.
@Suite(.serialized) struct OriginCacheTests {
    static let fresh: HeaderFields = ["Cache-Control": "max-age=3600"]

    // MARK: Storing and serving (3, 4)

    @Test(
        arguments: [
            ["Cache-Control": "max-age=60"], ["Cache-Control": "s-maxage=60, max-age=0"],
            ["Expires": "Thu, 01 Jan 2099 00:00:00 GMT"], ["Last-Modified": "Thu, 01 Jan 2015 00:00:00 GMT"],
            ["CDN-Cache-Control": "max-age=60", "Cache-Control": "no-store"],
            ["Windbreak-Cache-Control": "max-age=60", "CDN-Cache-Control": "no-store"],
            ["Cache-Control": "max-age=60", "Set-Cookie": "a=b"],
            ["Cache-Control": "max-age=60, no-cache=\"X-Other\""],
        ] as [HeaderFields]
    )
    func aFreshAnswerIsServedAgainWithItsAge(fields: HeaderFields) async throws {
        try await withOriginCache { _, count in
            .respond(fields: fields, body: "answer \(count)")
        } _: { (proxy, origin) async throws in
            let miss = try await proxy.exchange("GET", "/api/a")
            #expect(miss.text == "answer 1" && miss.cacheStatus.contains("fwd=uri-miss; fwd-status=200"))
            #expect(miss.cacheStatus.contains("; stored"))
            let hit = try await proxy.exchange("GET", "/api/a")
            #expect(hit.text == "answer 1" && hit.cacheStatus.hasPrefix("windbreak; hit; ttl="))
            #expect(hit.fields["age"].flatMap { Int($0) } ?? -1 >= 0 && hit.fields.contains("date"))
            #expect(origin.requests.count == 1)
        }
    }

    @Test(
        arguments: [
            ["Cache-Control": "max-age=60, no-store"], ["Cache-Control": "max-age=60, private"],
            ["Cache-Control": "max-age=60", "Vary": "*"], [:], ["Expires": "0"],
            ["Cache-Control": "max-age=60", "CDN-Cache-Control": "no-store"],
            ["Cache-Control": "max-age=60", "Content-Type": "text/event-stream"],
            ["Cache-Control": "max-age=60, must-revalidate", "Age": "60"],
            ["Last-Modified": "Thu, 01 Jan 2015 00:00:00 GMT", "Set-Cookie": "a=b"],
        ] as [HeaderFields]
    )
    func whatMayNotBeKeptIsNot(fields: HeaderFields) async throws {
        try await withOriginCache { _, count in
            .respond(fields: fields, body: "answer \(count)")
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 1")
            let second = try await proxy.exchange("GET", "/api/a")
            #expect(second.text == "answer 2" && !second.cacheStatus.contains("stored"))
        }
    }

    @Test func fieldsForOneClientAreNotKept() async throws {
        let fields: HeaderFields = [
            "Cache-Control": "max-age=60, private=\"X-A\", no-cache=\"X-B\"", "X-A": "1", "X-B": "2", "X-C": "3",
            "Connection": "X-D", "X-D": "4",
        ]
        try await withOriginCache { _, _ in
            .respond(fields: fields, body: "x")
        } _: { (proxy, _) async throws in
            let first = try await proxy.exchange("GET", "/api/a")
            #expect(first.fields["x-a"] == "1" && first.fields["x-b"] == "2" && first.fields["x-d"] == nil)
            let hit = try await proxy.exchange("GET", "/api/a")
            #expect(hit.cacheStatus.contains("hit") && hit.fields["x-c"] == "3")
            #expect(hit.fields["x-a"] == nil && hit.fields["x-b"] == nil && hit.fields["x-d"] == nil)
        }
    }

    @Test func whatIsCutOffIsNotKept() async throws {
        try await withOriginCache { _, count in
            let whole = Reply.respond(fields: Self.fresh, body: "0123456789")
            return count == 1 ? whole.stopping(afterBody: 5, then: .finish) : whole
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").isComplete == false)
            #expect(try await proxy.exchange("GET", "/api/a").cacheStatus.contains("fwd=uri-miss"))
        }
    }

    @Test func answersToAuthorizationAreSharedWhereTheOriginSaysSo() async throws {
        try await withOriginCache { request, count in
            let word = request.target.hasPrefix("/public") ? "public, max-age=60" : "max-age=60"
            return .respond(fields: ["Cache-Control": word], body: "answer \(count)")
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/own", ["Authorization": "a"]).text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/own", ["Authorization": "a"]).text == "answer 2")
            #expect(try await proxy.exchange("GET", "/api/public", ["Authorization": "a"]).text == "answer 3")
            #expect(try await proxy.exchange("GET", "/api/public", ["Authorization": "b"]).text == "answer 3")
            #expect(try await proxy.exchange("GET", "/api/public").text == "answer 3")
        }
    }

    @Test func cookiesAreTheOriginsAffair() async throws {
        try await withOriginCache { request, count in
            let fields: HeaderFields =
                switch request.target {
                case "/explicit": Self.fresh
                case "/guess": ["Last-Modified": "Thu, 01 Jan 2015 00:00:00 GMT"]
                default: ["Cache-Control": "max-age=60", "Vary": "Cookie"]
                }
            return .respond(fields: fields, body: "answer \(count)")
        } _: { (proxy, _) async throws in
            func get(_ path: String, _ cookie: String?) async throws -> String {
                try await proxy.exchange("GET", "/api/\(path)", cookie.map { ["Cookie": $0] } ?? [:]).text
            }
            #expect(try await get("explicit", "a=1") == "answer 1")
            #expect(try await get("explicit", "a=2") == "answer 1")
            #expect(try await get("explicit", nil) == "answer 1")
            #expect(try await get("guess", "a=1") == "answer 2")
            #expect(try await get("guess", "a=1") == "answer 3")
            #expect(try await get("guess", nil) == "answer 4")
            #expect(try await get("guess", "a=1") == "answer 4")
            #expect(try await get("vary", "a=1") == "answer 5")
            #expect(try await get("vary", "a=2") == "answer 6")
            #expect(try await get("vary", "a=1") == "answer 5")
        }
    }

    @Test(
        arguments: [
            (["Cache-Control": "max-age=60", "Content-Location": "/a"], true),
            (["Expires": "Thu, 01 Jan 2099 00:00:00 GMT", "Content-Location": "a"], true),
            (["Cache-Control": "max-age=60", "Content-Location": "/b"], false),
            (["Cache-Control": "max-age=60"], false),
            (["Cache-Control": "public", "ETag": "\"a\"", "Content-Location": "/a"], false),
            (["Cache-Control": "max-age=60, no-store", "Content-Location": "/a"], false),
            (["Cache-Control": "max-age=60", "Content-Location": "https://other.example/a"], false),
        ] as [(HeaderFields, Bool)]
    )
    func anAnswerToPostIsKeptForGetIfItIsOfTheTarget(fields: HeaderFields, isKept: Bool) async throws {
        try await withOriginCache { request, count in
            .respond(fields: request.method == "POST" ? fields : Self.fresh, body: "answer \(count)", as: .chunked)
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let post = try await proxy.exchange("POST", "/api/a", body: "x")
            #expect(post.text == "answer 2" && post.cacheStatus.contains("fwd=method; fwd-status=200"))
            if isKept { try await eventually("both to be stored") { try proxy.upstream().metrics.cacheStores == 2 } }
            let get = try await proxy.exchange("GET", "/api/a")
            #expect(get.text == (isKept ? "answer 2" : "answer 3"))
            // A POST is never answered out of the store.
            #expect(try await proxy.exchange("POST", "/api/a", body: "x").cacheStatus.contains("fwd=method"))
        }
    }

    // MARK: Variants (4.1)

    @Test func severalVariantsOfOneAddressAreKept() async throws {
        try await withOriginCache { request, count in
            let language = request.fields["accept-language"] ?? "none"
            return .respond(
                fields: ["Cache-Control": "max-age=60", "Vary": "Accept-Language"],
                body: "\(language) \(count)"
            )
        } _: { (proxy, origin) async throws in
            func get(_ language: String) async throws -> TestResponse {
                try await proxy.exchange("GET", "/api/a", ["Accept-Language": language])
            }
            #expect(try await get("de").text == "de 1")
            let other = try await get("en")
            #expect(other.text == "en 2" && other.cacheStatus.contains("fwd=vary-miss"))
            #expect(try await get("de").text == "de 1")
            #expect(try await get("EN").text == "en 2")
            #expect(try await get("en;q=1.0, de;q=0.5").text == "en;q=1.0, de;q=0.5 3")
            #expect(try await get("de; q=0.5,en").text == "en;q=1.0, de;q=0.5 3")
            #expect(try await proxy.exchange("GET", "/api/a").text == "none 4")
            #expect(origin.requests.count == 4)
        }
    }

    // MARK: What clients ask for (5.2.1)

    @Test func theClientMayAskForMoreOrLess() async throws {
        try await withOriginCache { _, count in
            .respond(fields: ["Cache-Control": "max-age=100", "Age": "50"], body: "answer \(count)")
        } _: { (proxy, origin) async throws in
            func get(_ control: String) async throws -> TestResponse {
                try await proxy.exchange("GET", "/api/a", ["Cache-Control": control])
            }
            let none = try await get("only-if-cached")
            #expect(none.status == 504 && none.cacheStatus == "windbreak; detail=only-if-cached")
            #expect(origin.requests.isEmpty)
            #expect(try await get("unknown").text == "answer 1")
            #expect(try await get("only-if-cached").text == "answer 1")
            #expect(try await get("max-age=60, min-fresh=40").text == "answer 1")
            #expect(try await get("max-age=40").text == "answer 2")
            #expect(try await get("min-fresh=60").cacheStatus.contains("fwd=request"))
            #expect(try await get("no-cache").text == "answer 4")
            #expect(try await get("no-store").text == "answer 5")
            #expect(try await get("").text == "answer 4")
            #expect(try await proxy.exchange("GET", "/api/a", ["Pragma": "no-cache"]).text == "answer 6")
        }
    }

    @Test func theClientMayTakeWhatIsStale() async throws {
        try await withOriginCache { _, count in
            .respond(
                fields: ["Cache-Control": "max-age=10", "Age": "20", "ETag": "\"\(count)\""],
                body: "answer \(count)"
            )
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 1")
            let stale = try await proxy.exchange("GET", "/api/a", ["Cache-Control": "max-stale=15"])
            #expect(stale.text == "answer 1" && stale.cacheStatus.contains("hit; ttl=-1"))
            #expect(stale.cacheStatus.hasSuffix("detail=max-stale"))
            #expect(try await proxy.exchange("GET", "/api/a", ["Cache-Control": "max-stale=5"]).text == "answer 2")
        }
    }

    @Test func immutableMeansThatAReloadNeedNotAsk() async throws {
        try await withOriginCache { _, count in
            .respond(fields: ["Cache-Control": "max-age=60, immutable"], body: "answer \(count)")
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/a", ["Cache-Control": "max-age=0"]).text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/a", ["Cache-Control": "no-cache"]).text == "answer 2")
        }
    }

    // MARK: HEAD and QUERY

    @Test func headIsAnsweredFromGetAndRenewsIt() async throws {
        try await withOriginCache { request, count in
            let isNew = request.target == "/new" && count > 1
            let fields: HeaderFields = [
                "Cache-Control": count > 1 ? "max-age=60" : "max-age=0", "ETag": isNew ? "\"b\"" : "\"a\"",
                "X-Count": "\(count)",
            ]
            return request.method == "HEAD"
                ? .headOnly(200, fields.appending(["Content-Length": "4"])) : .respond(fields: fields, body: "body")
        } _: { (proxy, origin) async throws in
            let client = try await proxy.client()
            #expect(try await client.exchange("HEAD", "/api/a").cacheStatus.contains("fwd=uri-miss"))
            #expect(try await client.exchange("GET", "/api/b").text == "body")
            let hit = try await client.exchange("HEAD", "/api/b")
            #expect(
                hit.fields["content-length"] == "4" && hit.cacheStatus.contains("hit") && hit.body.readableBytes == 0
            )
            #expect(origin.requests.count == 2)
        }
        try await withOriginCache { request, count in
            let isChanged = request.target == "/changed" && count > 1
            let fields: HeaderFields = [
                "Cache-Control": count > 1 ? "max-age=60" : "max-age=0", "ETag": isChanged ? "\"b\"" : "\"a\"",
                "X-Count": "\(count)",
            ]
            return request.method == "HEAD"
                ? .headOnly(200, fields.appending(["Content-Length": "4"])) : .respond(fields: fields, body: "body")
        } _: { (proxy, origin) async throws in
            let client = try await proxy.client()
            #expect(try await client.exchange("GET", "/api/same").fields["x-count"] == "1")
            #expect(try await client.exchange("HEAD", "/api/same").fields["x-count"] == "2")
            let renewed = try await client.exchange("GET", "/api/same")
            #expect(renewed.text == "body" && renewed.fields["x-count"] == "2" && renewed.cacheStatus.contains("hit"))
            #expect(origin.requests.map(\.method) == ["GET", "HEAD"])
        }
    }

    @Test func headIsAnsweredFromHeadWhereGetHasNothing() async throws {
        try await withOriginCache { request, count in
            let fields: HeaderFields = ["Cache-Control": "max-age=60", "X-Count": "\(count)"]
            return request.method == "HEAD"
                ? .headOnly(200, fields.appending(["Content-Length": "4"])) : .respond(fields: fields, body: "body")
        } _: { (proxy, origin) async throws in
            #expect(try await proxy.exchange("HEAD", "/api/a").cacheStatus.contains("fwd=uri-miss; fwd-status=200"))
            let hit = try await proxy.exchange("HEAD", "/api/a")
            #expect(hit.cacheStatus.contains("hit") && hit.fields["content-length"] == "4")
            let get = try await proxy.exchange("GET", "/api/a")
            #expect(get.text == "body" && get.fields["x-count"] == "2")
            // What GET has got is newer, and says more.
            #expect(try await proxy.exchange("HEAD", "/api/a").fields["x-count"] == "2")
            _ = try await proxy.exchange("POST", "/api/a", body: "x")
            #expect(try await proxy.exchange("HEAD", "/api/a").cacheStatus.contains("fwd=uri-miss"))
        }
    }

    @Test func queryIsKeyedOnItsContent() async throws {
        try await withOriginCache { _, count in
            .respond(fields: Self.fresh, body: "answer \(count)")
        } _: { (proxy, _) async throws in
            #expect(try await proxy.exchange("QUERY", "/api/a", body: "x").text == "answer 1")
            #expect(try await proxy.exchange("QUERY", "/api/a", body: "y").text == "answer 2")
            #expect(try await proxy.exchange("QUERY", "/api/a", body: "x").text == "answer 1")
            #expect(try await proxy.exchange("GET", "/api/a").text == "answer 3")
            #expect(try await proxy.exchange("POST", "/api/a", body: "x").cacheStatus.contains("fwd=method"))
        }
    }

    // MARK: Invalidation (4.4)

    @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "FROB"])
    func anUnsafeRequestInvalidates(method: String) async throws {
        try await withOriginCache { request, count in
            guard request.method == method else { return .respond(fields: Self.fresh, body: "answer \(count)") }
            guard request.target != "/failing" else { return .respond(400) }
            return .respond(204, ["Location": "/other", "Content-Location": "sibling", "Cache-Control": "no-store"])
        } _: { (proxy, _) async throws in
            func isHit(_ path: String) async throws -> Bool {
                try await proxy.exchange("GET", path).cacheStatus.contains("hit")
            }
            let paths = ["/api/d/target", "/api/other", "/api/d/sibling", "/api/unrelated", "/api/failing"]
            for path in paths { _ = try await proxy.exchange("GET", path) }
            for path in paths { #expect(try await isHit(path)) }
            _ = try await proxy.exchange(method, "/api/d/target", body: "x")
            _ = try await proxy.exchange(method, "/api/failing", body: "x")
            for path in paths { #expect(try await isHit(path) == ["/api/unrelated", "/api/failing"].contains(path)) }
        }
    }
}
