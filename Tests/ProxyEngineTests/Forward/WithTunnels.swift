// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Resilience
import TestSupport

@testable import ProxyEngine

/// A proxy with tunnels to `api.example`, whose circuit opens at the second failure.
func withTunnels(
    to upstream: FaultyUpstream,
    _ change: (inout Configuration) -> Void = { _ in },
    _ test: (TestProxy) async throws -> Void
) async throws {
    try await withProxy { configuration in
        var api = UpstreamConfiguration(name: "api", at: upstream)
        api.hosts = ["api.example"]
        api.breaker.failMax = 2
        configuration.upstreams = [api]
        change(&configuration)
    } _: { (proxy) async throws in
        try await test(proxy)
    }
    await upstream.stop()
}
