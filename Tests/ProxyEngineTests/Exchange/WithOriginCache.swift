// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyConfiguration
import TestSupport

@testable import ProxyEngine

/// A cache that follows the word of an origin which counts its answers, from 1.
func withOriginCache(
    threads: Int = 1,
    _ change: (inout UpstreamConfiguration) -> Void = { _ in },
    reply: @escaping @Sendable (ReceivedRequest, Int) -> Reply,
    _ test: (TestProxy, FaultyUpstream) async throws -> Void
) async throws {
    let count = Watched(0)
    let upstream = try await FaultyUpstream { request in
        reply(
            request,
            count.update { count in
                count += 1
                return count
            }
        )
    }
    try await withProxy(to: upstream, threads: threads) {
        $0.cache = CachePolicy()
        change(&$0)
    } _: { proxy in
        try await test(proxy, upstream)
    }
}

func withOriginCache(
    _ reply: @escaping @Sendable (ReceivedRequest, Int) -> Reply,
    _ test: (TestProxy, FaultyUpstream) async throws -> Void
) async throws {
    try await withOriginCache({ _ in }, reply: reply, test)
}

extension TestResponse {
    var cacheStatus: String { self.fields["cache-status"] ?? "" }
}

extension Reply {
    static func respond(fields: HeaderFields, body: String, as framing: Framing = .length) -> Reply {
        .respond(200, fields, body: body, as: framing)
    }
}
