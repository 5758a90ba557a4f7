// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore

/// An exchange at a place where answers may be stored: looks the answer up, joins an identical request that is on its
/// way, or asks and stores.
struct CachedExchange {
    private let exchange: Exchange
    private let policy: CachePolicy
    private var upstream: Upstream { self.exchange.upstream }
    private var request: Request { self.exchange.request }

    init(_ exchange: Exchange, policy: CachePolicy) {
        self.exchange = exchange
        self.policy = policy
    }

    /// What the cache has to say to a request.
    enum Finding {
        /// The answer.
        case hit(Response)
        /// It stays out of it.
        case bypass(CacheStatus.Reason)
        case miss(CacheKey, content: ByteBuffer, CacheStatus.Reason)
        /// The content, which the key depends on, has not come yet.
        case pending
    }

    /// Looks for a stored answer, without waiting for anything.
    func find(for body: Body) -> Finding {
        let use = self.policy.use(for: self.request.head)
        if case .bypass(let reason) = use { return .bypass(reason) }
        guard case .whole(let content) = body else { return .pending }
        guard content.readableBytes <= self.policy.maxEntry else { return .bypass(.bypass) }
        let key = self.key(of: content)
        var reason = CacheStatus.Reason.request
        if use == .lookUp {
            let now = ContinuousClock.Instant.now
            let variants = self.upstream.store.lookup(key, now: now)
            if let stored = variants.first(where: { $0.matches(self.request.head.fields) }) {
                if stored.isFresh(at: now) { return .hit(self.hit(stored, key, now)) }
                reason = .stale
            } else {
                reason = variants.isEmpty ? .uriMiss : .varyMiss
            }
        }
        self.upstream.cacheLog.missed(key)
        return .miss(key, content: content, reason)
    }

    /// - Parameter finding: What was found for this body, or for what of it was there.
    func answer(_ finding: Finding, _ body: Body) async throws(ProxyError) -> Response {
        switch finding {
        case .hit(let response): return response
        case .bypass(let reason): return try await self.pass(body, reason)
        case .miss(let key, let content, let reason): return try await self.fetch(key, content, reason)
        case .pending:
            switch try await body.collect(upTo: self.policy.maxEntry) {
            case .tooLarge(let body): return try await self.pass(body, .bypass)
            case .whole(let content):
                let body = Body.whole(content)
                return try await self.answer(self.find(for: body), body)
            }
        }
    }

    /// Asks for this client alone.
    private func pass(_ body: Body, _ reason: CacheStatus.Reason) async throws(ProxyError) -> Response {
        var response = try await self.exchange.attempt(body)
        response.report.cache = reason == .bypass || reason == .method ? .bypass : .miss
        response.explain(.forwarded(reason, status: response.head.status, isStored: false))
        return response
    }

    private func key(of content: ByteBuffer) -> CacheKey {
        CacheKey(
            upstream: self.upstream.name,
            method: self.request.head.method,
            target: self.exchange.path,
            fields: self.request.head.fields,
            content: content,
            policy: self.policy,
            credentials: self.upstream.credentials
        )
    }

    private func hit(_ stored: StoredResponse, _ key: CacheKey, _ now: ContinuousClock.Instant) -> Response {
        self.upstream.cacheLog.hit(key)
        var response = Response(stored)
        // Room for what is added from here to the client.
        response.head.fields.reserve(bytes: 160, fields: 4)
        response.head.fields.add("Age", number: stored.age(at: now))
        response.explain(.hit(timeToLive: stored.timeToLive(at: now)))
        response.report.decision = .hit
        response.report.cache = .hit
        return response
    }

    // MARK: Collapsing

    private func fetch(
        _ key: CacheKey,
        _ content: ByteBuffer,
        _ reason: CacheStatus.Reason
    ) async throws(ProxyError) -> Response {
        switch self.upstream.flights.join(key) {
        case .leader(let leader): try await self.lead(leader, key, content, reason)
        case .follower(let flight): try await self.follow(flight, content, reason)
        }
    }

    /// The attempt runs in a task of its own, so that what is paid for is finished and stored though its client leaves.
    private func lead(
        _ leader: InFlight<SharedAttempt.Result>.Leader,
        _ key: CacheKey,
        _ content: ByteBuffer,
        _ reason: CacheStatus.Reason
    ) async throws(ProxyError) -> Response {
        let shared = SharedAttempt(self.exchange, policy: self.policy, key: key, content: content)
        let bound = self.request.worker.bind(shared)
        self.request.worker.start { leader.finish(await bound.value.run()) }
        var response: Response
        switch try await leader.flight.result() {
        case .answer(let stored, let isStored):
            response = Response(stored)
            response.explain(.forwarded(reason, status: stored.status, isStored: isStored))
        case .failed(let error):
            throw error
        case .unshared:
            guard let unshared = shared.takeUnshared() else { throw ProxyError(.internalError, "the answer was lost") }
            response = unshared
            response.explain(.forwarded(reason, status: unshared.head.status, isStored: false))
        }
        response.report = shared.report
        response.report.cache = .miss
        return response
    }

    private func follow(
        _ flight: InFlight<SharedAttempt.Result>.Flight,
        _ content: ByteBuffer,
        _ reason: CacheStatus.Reason
    ) async throws(ProxyError) -> Response {
        switch try await flight.result() {
        case .answer(let stored, _) where stored.matches(self.request.head.fields):
            var response = Response(stored)
            response.explain(.collapsed(reason, status: stored.status))
            response.report.decision = .collapsed
            response.report.cache = .collapsed
            return response
        case .failed(let error):
            throw error
        case .answer, .unshared:
            return try await self.pass(.whole(content), reason)
        }
    }
}

extension Response {
    fileprivate init(_ stored: StoredResponse) {
        self.init(
            ResponseHead(stored.status, reason: stored.reason, fields: stored.fields),
            .whole(stored.content)
        )
    }
}

extension InFlight<SharedAttempt.Result>.Flight {
    fileprivate func result() async throws(ProxyError) -> SharedAttempt.Result {
        do {
            return try await self.value()
        } catch is CancellationError {
            throw ProxyError(.cancelled, "the client went away")
        } catch {
            throw ProxyError(.internalError, "\(error)")
        }
    }
}
