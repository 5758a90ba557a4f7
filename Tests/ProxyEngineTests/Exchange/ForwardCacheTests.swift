// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// A client that names the upstream itself, by a target in absolute form, meets the same cache.
@Suite(.serialized) struct ForwardCacheTests {
    @Test(arguments: [true, false]) func aCacheIsTheSameByEitherWay(isForward: Bool) async throws {
        try await withOriginCache { request, count in
            let fields: HeaderFields = [
                "Cache-Control": "max-age=60", "ETag": "\"a\"", "Vary": "Foo", "Content-Location": "/b",
                "Location": "/c",
            ]
            return .respond(request.method == "POST" ? 204 : 200, fields, body: request.method == "GET" ? "0123" : "")
        } _: { (proxy, origin) async throws in
            func exchange(_ method: String, _ path: String, _ fields: HeaderFields = [:]) async throws -> TestResponse {
                try await proxy.exchange(method, (isForward ? origin.url : "/api") + path, fields)
            }
            for path in ["/a", "/b", "/c", "/d"] {
                #expect(try await exchange("GET", path).cacheStatus.contains("fwd=uri-miss"))
                let hit = try await exchange("GET", path)
                let isMoved = path == "/b" && !isForward
                #expect(hit.cacheStatus.contains("hit"))
                #expect(hit.fields["content-location"] == (isMoved ? "/api/b" : "/b"))
                #expect(hit.fields["location"] == (isForward ? "/c" : "/api/c"))
            }
            #expect(try await exchange("GET", "/a", ["Foo": "1"]).cacheStatus.contains("fwd=vary-miss"))
            #expect(try await exchange("GET", "/a", ["If-None-Match": "\"a\""]).status == 304)
            #expect(try await exchange("GET", "/a", ["Range": "bytes=1-2"]).text == "12")
            #expect(try await exchange("HEAD", "/a").cacheStatus.contains("hit"))
            #expect(try await exchange("GET", "/a", ["Authorization": "x", "Cookie": "y"]).cacheStatus.contains("hit"))
            #expect(try await exchange("GET", "/e", ["Cache-Control": "only-if-cached"]).status == 504)
            // What is stored for the one is stored for the other.
            let other = try await proxy.exchange("GET", (isForward ? "/api" : origin.url) + "/a")
            #expect(other.cacheStatus.contains("hit"))
            _ = try await exchange("POST", "/a")
            for path in ["/a", "/b", "/c"] { #expect(try await exchange("GET", path).cacheStatus.contains("fwd=")) }
            #expect(try await exchange("GET", "/d").cacheStatus.contains("hit"))
        }
    }
}
