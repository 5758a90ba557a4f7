// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore

/// An exchange at a place where answers may be stored: looks the answer up, joins an identical request that is on its
/// way, or asks and stores.
struct CachedExchange {
    let exchange: Exchange
    private let contract: CacheContract
    let demands: RequestDemands
    var policy: CachePolicy { self.contract.policy }
    var upstream: Upstream { self.exchange.upstream }
    var request: Request { self.exchange.request }

    init(_ exchange: Exchange, by contract: CacheContract) {
        self.exchange = exchange
        self.contract = contract
        let request = exchange.request
        self.demands = request.recent?.demands ?? RequestDemands(request.head.fields, method: request.head.method)
    }

    /// What the cache has to say to a request.
    enum Finding {
        case hit(Hit)
        /// It stays out of it.
        case bypass(CacheStatus.Reason)
        case miss(Miss)
        /// The content, which the key depends on, has not come yet.
        case pending
    }

    /// What is stored and may be served.
    struct Hit {
        let stored: StoredResponse
        let key: CacheKey
        let now: Moment
        /// Why, though it is stale.
        let why: CacheStatus.Detail?
    }

    /// A request that the store cannot answer.
    struct Miss {
        var reason: CacheStatus.Reason
        var key: CacheKey
        var content: ByteBuffer
        /// The right answer, but for its age.
        var stale: StoredResponse?
        /// For which others something is stored.
        var variant: Variant?
        /// What is stored of parts of an answer.
        var parts = Variants([])
        /// Whether the key is for HEAD alone.
        var isOfHead = false
    }

    /// Looks for a stored answer, without waiting for anything.
    ///
    /// - Parameter recalled: What the archive had, where memory had nothing.
    /// - Parameter isOfHead: Whether to look for answers to HEAD itself (RFC 9110, 9.3.2), where GET has none.
    func find(for body: Body, recalled: Variants? = nil, isOfHead: Bool = false) -> Finding {
        let use = self.request.recent?.use ?? self.policy.use(for: self.request.head, self.demands)
        self.request.recent?.use = use
        if case .bypass(let reason) = use { return .bypass(reason) }
        guard case .whole(let content) = body else { return .pending }
        guard content.readableBytes <= self.policy.maxEntry else { return .bypass(.bypass) }
        let key = isOfHead ? self.key(of: content, for: .head) : self.key(of: content)
        guard use == .lookUp else { return .miss(Miss(reason: .request, key: key, content: content)) }
        let now = Moment.now
        let variants = self.valid(recalled ?? self.upstream.store.lookup(key, now: now))
        switch self.policy.select(from: variants, for: self.request.head.fields, self.demands, at: now) {
        case .serve(let stored, let why):
            return .hit(Hit(stored: stored, key: key, now: now, why: why))
        case .serveAndRefresh(let stored):
            self.refresh(stored, key, content)
            return .hit(Hit(stored: stored, key: key, now: now, why: .staleWhileRevalidate))
        case .forward(let reason, let stale):
            let isReload = self.policy.mode == .http && self.demands.isReload
            if let stale, !isReload,
                self.upstream.coordination.heldDown.contains(key, at: now), self.mayReplaceError(stale, now)
            {
                return .hit(Hit(stored: stale, key: key, now: now, why: .holdDown))
            }
            if stale == nil, !isOfHead, self.policy.mode == .http, self.request.head.method == .head {
                return self.find(for: body, isOfHead: true)
            }
            var miss = Miss(reason: reason, key: key, content: content, stale: stale, isOfHead: isOfHead)
            miss.variant = (stale ?? variants.first)?.variant
            miss.parts = Variants(variants.filter { $0.part != nil })
            return .miss(miss)
        }
    }

    /// - Parameter finding: What was found for this body, or for what of it was there.
    func answer(_ finding: Finding, _ body: Body) async throws(ProxyError) -> Response {
        switch finding {
        case .hit(let hit): return self.serve(hit)
        case .bypass(let reason): return try await self.pass(body, reason)
        case .miss(let miss):
            switch await self.recall(miss, for: body) {
            case .hit(let hit): return self.serve(hit)
            case .miss(let miss): return try await self.forward(miss)
            case .bypass, .pending, nil: return try await self.forward(miss)
            }
        case .pending:
            let room = ContentRoom(self.upstream.store)
            self.exchange.room = room
            switch try await body.collect(upTo: self.policy.maxEntry, in: room) {
            case .tooLarge(let body): return try await self.pass(body, .bypass)
            case .whole(let content):
                let body = Body.whole(content)
                return try await self.answer(self.find(for: body), body)
            }
        }
    }

    /// What the archive has where memory lacks it; nil if it has nothing.
    private func recall(_ miss: Miss, for body: Body) async -> Finding? {
        guard [.uriMiss, .varyMiss, .partial].contains(miss.reason) else { return nil }
        var finding: Finding?
        // Where an answer to HEAD itself is looked for, one to GET comes before it.
        for isOfHead in miss.isOfHead ? [false, true] : [false] {
            let key = isOfHead ? miss.key : self.key(of: miss.content)
            guard self.upstream.store.mayRecall(key) else { continue }
            let recalled = await self.upstream.store.recall(key, now: .now)
            finding = self.find(for: body, recalled: recalled, isOfHead: isOfHead)
            if case .hit = finding { return finding }
        }
        return finding
    }

    private func forward(_ miss: Miss) async throws(ProxyError) -> Response {
        if self.demands.onlyIfCached { throw self.notCached }
        // What is asked for now goes on though the client leaves, but not for one who has left already.
        if Task.isCancelled { throw ProxyError(.cancelled, "the client went away") }
        self.upstream.cacheLog.missed(miss.key)
        return try await Forwarding(self, miss).answer()
    }

    /// RFC 9111, 5.2.1.7.
    private var notCached: ProxyError {
        var error = ProxyError(.notCached, "only-if-cached, and nothing that may be served is stored")
        error.cache = .refused(.onlyIfCached)
        return error
    }

    private func key(of content: ByteBuffer) -> CacheKey {
        if let key = self.request.recent?.key { return key }
        let key = self.key(of: content, for: self.policy.keyMethod(for: self.request.head.method))
        self.request.recent?.key = key
        return key
    }

    private func key(of content: ByteBuffer, for method: HTTPMethod) -> CacheKey {
        CacheKey(
            upstream: self.upstream.name,
            method: method,
            target: self.exchange.path,
            fields: self.request.head.fields,
            content: content,
            policy: self.policy,
            credentials: self.policy.mode == .http ? self.upstream.partition : self.upstream.credentials
        )
    }

    /// Without what an unsafe request has called into question.
    private func valid(_ variants: Variants) -> Variants {
        guard self.policy.mode == .http else { return variants }
        return self.upstream.coordination.invalidations.valid(variants, of: self.exchange.path)
    }

    // MARK: Without asking

    func serve(_ hit: Hit) -> Response {
        let (stored, now) = (hit.stored, hit.now)
        var response = Response(stored, to: self.request.head, self.demands, at: now)
        response.explain(.hit(timeToLive: stored.timeToLive(at: now), key: hit.key, detail: hit.why))
        response.report.decision = .hit
        response.report.cache = hit.why == nil ? .hit : .stale
        if let why = hit.why {
            self.upstream.cacheLog.stale(hit.key, why.rawValue)
            return response
        }
        self.upstream.cacheLog.hit(hit.key)
        if let recent = self.request.recent, !self.demands.isForLess {
            let ground = RepeatedAnswer.Ground.stored(stored, seconds: stored.sameSeconds(at: now))
            response.repetition = Response.Repetition(recent: recent, ground: ground)
        }
        return response
    }

    /// One at a time for each key, by a task that no client waits for.
    private func refresh(_ stored: StoredResponse, _ key: CacheKey, _ content: ByteBuffer) {
        let flights = self.upstream.coordination.flights
        guard case .leader(let leader) = flights.join(key.narrowed(to: stored.variant)) else { return }
        let request = self.request.with(isAlone: true) { if $0.method == .head { $0.method = .get } }
        let shared = SharedAttempt(
            Exchange(self.exchange, with: request),
            policy: self.policy,
            key: key,
            content: content,
            stale: stored,
            conditions: Validation.conditions(for: stored.fields),
            wantsWhole: true
        )
        self.upstream.cacheLog.refreshing(key)
        let bound = self.request.worker.bind(shared)
        self.request.worker.start { await bound.value.lead(leader) }
    }

    // MARK: Asking

    /// A part that the upstream need only be asked for the rest of.
    func beginning(of miss: Miss) -> StoredResponse? {
        guard miss.stale == nil, self.policy.mode == .http, self.request.head.method == .get else { return nil }
        return miss.parts.first { $0.missing != nil && $0.matches(self.request.head.fields) }
    }

    /// What another request has stored since this one looked, so that it is not asked for again.
    func findAgain(_ miss: Miss) -> Response? {
        guard miss.reason != .request else { return nil }
        let now = Moment.now
        let variants = self.valid(self.upstream.store.lookup(miss.key, now: now))
        guard
            case .serve(let stored, nil) = self.policy.select(
                from: variants,
                for: self.request.head.fields,
                self.demands,
                at: now
            )
        else { return nil }
        return self.serve(Hit(stored: stored, key: miss.key, now: now, why: nil))
    }

    /// - Returns: Whether the operator, the answer or the client allows for it (RFC 5861, 4).
    func mayReplaceError(_ stale: StoredResponse, _ now: Moment) -> Bool {
        let asked = self.policy.mode == .http ? self.demands.control?.staleIfError : nil
        return stale.mayReplaceError(at: now, allowance: max(self.policy.staleIfError, .seconds(asked ?? 0)))
    }

    /// An answer to POST may be what a GET of its target would get (RFC 9110, 9.3.3).
    private func keepForGet(_ response: Response) async throws(ProxyError) -> Response {
        guard self.policy.mayAnswerGet(response.head), self.exchange.isOfTarget(response.head) else { return response }
        let shared = SharedAttempt(
            self.exchange,
            policy: self.policy,
            key: self.key(of: ByteBuffer(), for: .get),
            content: ByteBuffer(),
            stale: nil,
            conditions: [:],
            wantsWhole: false
        )
        return try await shared.keep(response, since: .now)
    }

    /// Asks for this client alone, and keeps nothing but what others may GET.
    private func pass(_ body: Body, _ reason: CacheStatus.Reason) async throws(ProxyError) -> Response {
        if self.demands.onlyIfCached, reason != .method { throw self.notCached }
        var response = try await self.exchange.attempt(body)
        if self.policy.mode == .http {
            self.exchange.invalidate(by: response.head, self.policy)
            if self.request.head.method == .post { response = try await self.keepForGet(response) }
        }
        response.report.cache = .bypass
        response.explain(.forwarded(reason, status: response.head.status))
        return response
    }
}
