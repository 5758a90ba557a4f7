// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import Logging
import NIOCore
package import ProxyConfiguration
package import ProxyEngine

/// An engine that listens on a free port of loopback, for one test.
package struct TestProxy: Sendable {
    package let engine: Engine
    package let log: RecordedLog

    package var port: Int { self.engine.mainAddresses.first?.port ?? 0 }

    package func client(receiveBuffer: Int32? = nil) async throws -> TestClient {
        try await TestClient(to: self.port, receiveBuffer: receiveBuffer)
    }

    /// One exchange on a connection of its own.
    package func exchange(
        _ method: String,
        _ target: String,
        _ fields: HeaderFields = [:],
        body: String? = nil
    ) async throws -> TestResponse {
        let client = try await self.client()
        let response = try await client.exchange(method, target, fields, body: body)
        await client.close()
        return response
    }

    /// What runs under this name now.
    package func upstream(_ name: String = "api") throws -> Upstream {
        guard let upstream = self.engine.snapshot?[name] else { throw TooLate(what: "an upstream \(name)") }
        return upstream
    }

    package func reload(_ change: (inout Configuration) throws -> Void) async throws {
        guard var configuration = self.engine.snapshot?.configuration else { return }
        try change(&configuration)
        try await self.engine.reload(configuration)
    }
}

/// Runs a test against an engine, and ends the engine afterwards whatever happens.
///
/// - Parameter threads: One, so that all connections share one pool, unless told otherwise.
/// - Parameter local: What the proxy answers itself.
package func withProxy(
    threads: Int = 1,
    local: [LocalRoute] = [],
    _ configure: (inout Configuration) throws -> Void,
    _ test: (TestProxy) async throws -> Void
) async throws {
    var configuration = Configuration()
    configuration.listen = [ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 0))]
    configuration.admin = nil
    // On a machine that has other things to do a test may be slower than any client: what it does not test must not end it.
    configuration.downstream.handshakeTimeout = .seconds(120)
    configuration.downstream.headerTimeout = .seconds(120)
    configuration.downstream.keepAlive = .seconds(120)
    configuration.downstream.idle = .seconds(120)
    try configure(&configuration)
    let log = RecordedLog()
    let engine = Engine(
        threads: threads,
        logger: log.logger,
        access: try AccessLog(.off, format: .text, logger: log.logger),
        mainRoutes: { _ in local },
        adminRoutes: { _ in local }
    )
    try await engine.start(configuration)
    let result: Result<Void, any Error>
    do {
        try await test(TestProxy(engine: engine, log: log))
        result = .success(())
    } catch {
        result = .failure(error)
    }
    _ = await engine.drain(within: .zero)
    await engine.shutdown()
    try result.get()
}

/// The same with one upstream, which is called `api` and mounted at `/api`.
package func withProxy(
    to upstream: FaultyUpstream,
    basePath: String = "",
    threads: Int = 1,
    local: [LocalRoute] = [],
    _ change: (inout UpstreamConfiguration) -> Void = { _ in },
    _ test: (TestProxy) async throws -> Void
) async throws {
    try await withProxy(threads: threads, local: local) { configuration in
        var api = UpstreamConfiguration(name: "api", at: upstream, basePath: basePath)
        change(&api)
        configuration.upstreams = [api]
    } _: { proxy in
        try await test(proxy)
    }
    await upstream.stop()
}

extension UpstreamConfiguration {
    package init(name: String, at upstream: FaultyUpstream, basePath: String = "") {
        let isTLS = upstream.url.hasPrefix("https:")
        self.init(
            name: name,
            url: UpstreamURL(isTLS: isTLS, host: upstream.host, port: upstream.port, basePath: basePath)
        )
        self.timeouts.connect = .seconds(60)
        self.timeouts.firstByte = .seconds(120)
        self.timeouts.idle = .seconds(120)
        self.timeouts.total = .seconds(240)
    }
}
