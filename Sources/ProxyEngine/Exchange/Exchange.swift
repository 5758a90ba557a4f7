// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
package import NIOCore
import ProxyConfiguration

/// One request at one upstream, from the cache to the answer:
///
///     cache.lookup -> collapse -> circuit.permit -> connection -> attempt -> cache.store -> respond
///
/// Cache and collapse stand outside the circuit: a hit is served while it is open, and is no sample for it.
struct Exchange {
    let upstream: Upstream
    let request: Request
    /// Below the upstream's mount, with the query.
    let path: Substring
    let deadline: ExchangeDeadline

    init(_ request: Request, at upstream: Upstream, path: Substring, cap: NIODeadline) {
        self.upstream = upstream
        self.request = request
        self.path = path
        let rule = upstream.rule(for: request.head.method, path: path)
        self.deadline = ExchangeDeadline(
            rule?.timeouts ?? upstream.configuration.timeouts,
            start: request.arrival,
            cap: cap
        )
    }

    func run() async throws(ProxyError) -> Response {
        let limit = self.upstream.configuration.maxBody
        let tooLarge = ProxyError(.contentTooLarge, "\(self.upstream.name) takes at most \(limit) bytes")
        if let length = self.request.body.length, length > limit { throw tooLarge }
        guard case .stream(let source) = self.request.body, source.length == nil else {
            return try await self.answer(self.request.body)
        }
        return try await self.answer(.stream(LimitedBody(source, limit: limit, error: tooLarge)))
    }

    /// - Parameter body: The request's, with its limit.
    private func answer(_ body: Body) async throws(ProxyError) -> Response {
        guard let policy = self.upstream.cachePolicy(for: self.request.head.method, path: self.path) else {
            return try await self.attempt(body)
        }
        return try await CachedExchange(self, policy: policy).answer(body)
    }

    /// Asks the upstream, whatever the cache may have.
    func attempt(_ body: Body) async throws(ProxyError) -> Response {
        let attempt = Attempt(
            upstream: self.upstream,
            request: OutgoingRequest(self.request, body: body, path: self.path, to: self.upstream.configuration),
            worker: self.request.worker,
            deadline: self.deadline,
            onInterim: self.request.onInterim
        )
        var response = try await attempt.run()
        response.prepareForDownstream()
        return response
    }
}

extension Upstream {
    /// Runs one request at this upstream. Errors come as problem documents, with `report.reason` set.
    ///
    /// - Parameter path: What follows the upstream's mount, with the query: `/identification?details=url`.
    /// - Parameter cap: An instant by which the exchange must be over, if its own timeouts do not end it before.
    package func exchange(
        _ request: Request,
        path: Substring,
        cap: NIODeadline = .distantFuture
    ) async -> Response {
        self.metrics.exchangeStarted()
        var response: Response
        do throws(ProxyError) {
            response = try await Exchange(request, at: self, path: path, cap: cap).run()
        } catch {
            var error = error
            error.upstream = error.upstream ?? self.name
            response = error.response()
            response.report.outcome = error.kind == .circuitOpen ? nil : error.outcome
            response.report.decision = error.kind == .circuitOpen ? .rejected : .pass
            response.report.attempts = error.source == .upstream ? 1 : 0
            if self.cachePolicy(for: request.head.method, path: path) != nil {
                response.report.cache = .miss
                response.explain(.forwarded(.uriMiss, status: nil, isStored: false))
            }
        }
        if response.report.cache == .none { response.explain(.forwarded(.bypass, status: nil, isStored: false)) }
        // A client that named the upstream itself, by a target in absolute form, follows its references itself.
        if request.head.target.hasPrefix("/") { response.relocate(from: self.configuration) }
        let state = self.circuit.state
        response.report.upstream = self.name
        response.report.circuit = state
        response.head.fields.add("X-Windbreak-Circuit", self.circuitField(state))
        self.metrics.exchangeEnded(response.finalReport, status: response.head.status)
        return response
    }

    /// The refinement for a path below the upstream's own, if there is one.
    func rule(for method: HTTPMethod, path: Substring) -> RouteRule? {
        guard !self.configuration.routes.isEmpty else { return nil }
        let path = path.prefix { $0 != "?" }
        return self.configuration.routes.first { $0.matches(method, path) }
    }

    func cachePolicy(for method: HTTPMethod, path: Substring) -> CachePolicy? {
        guard let rule = self.rule(for: method, path: path) else { return self.configuration.cache }
        return rule.cache
    }
}

extension RouteRule {
    fileprivate func matches(_ method: HTTPMethod, _ path: Substring) -> Bool {
        guard self.methods.isEmpty || self.methods.contains(method) else { return false }
        return self.path.hasSuffix("*") ? path.hasPrefix(self.path.dropLast()) : path == self.path
    }
}
