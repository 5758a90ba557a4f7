// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Resilience

/// A request that the store could not answer, on its way to the upstream: together with others that want the same, and
/// with a stale answer in hand for the case that it fails.
struct Forwarding {
    private let exchange: CachedExchange
    private let miss: CachedExchange.Miss
    /// What the upstream is asked to validate the stale answer by.
    private let conditions: HeaderFields

    private var upstream: Upstream { self.exchange.upstream }
    private var request: Request { self.exchange.request }
    private var coordination: CacheCoordination { self.upstream.coordination }

    private var key: CacheKey { self.miss.key }
    private var stale: StoredResponse? { self.miss.stale }

    init(_ exchange: CachedExchange, _ miss: CachedExchange.Miss) {
        self.exchange = exchange
        self.miss = miss
        let isValidated = exchange.policy.mode == .http && exchange.request.head.method != .head
        self.conditions = isValidated ? miss.stale.map { Validation.conditions(for: $0.fields) } ?? [:] : [:]
    }

    func answer() async throws(ProxyError) -> Response {
        let detail: CacheStatus.Detail? =
            self.coordination.uncacheable.contains(self.key, at: .now) ? .hitForMiss : nil
        guard self.isWhole, detail == nil else { return try await self.alone(detail) }
        // Who varies from what is stored waits for those who vary likewise.
        return try await self.together(self.miss.variant.map { self.flightKey($0) } ?? self.key, mayMismatch: true)
    }

    /// Whether the answer, if there is a whole one, is what others want too.
    private var isWhole: Bool {
        if self.exchange.policy.mode == .http, self.request.head.method == .head { return false }
        return !self.conditions.isEmpty || !self.exchange.demands.isConditional && self.exchange.demands.range == nil
    }

    private func flightKey(_ variant: Variant) -> CacheKey {
        self.key.narrowed(to: variant.alike(for: self.request.head.fields))
    }

    private func attempt() -> SharedAttempt {
        SharedAttempt(
            self.exchange.exchange,
            policy: self.exchange.policy,
            key: self.key,
            content: self.miss.content,
            stale: self.stale,
            parts: self.miss.parts,
            conditions: self.conditions,
            wantsWhole: self.isWhole,
            begun: self.isWhole ? self.exchange.beginning(of: self.miss) : nil,
            isOfHead: self.miss.isOfHead
        )
    }

    // MARK: Alone or together

    private func alone(_ detail: CacheStatus.Detail?) async throws(ProxyError) -> Response {
        let shared = self.attempt()
        let result = await shared.run()
        if case .coming = result { shared.startFinishing() }
        return try self.settle(try await self.settled(result, of: shared), of: shared, detail)
    }

    /// - Parameter mayMismatch: Whether to look for others of one's own kind when the answer is for another variant.
    private func together(_ flightKey: CacheKey, mayMismatch: Bool) async throws(ProxyError) -> Response {
        switch self.coordination.flights.join(flightKey) {
        case .leader(let leader):
            do throws(ProxyError) {
                return try await self.lead(leader)
            } catch {
                // What a client has asked for who leaves goes on without him.
                throw error.decided(self.exchange.exchange.decision)
            }
        case .follower(let flight):
            do throws(ProxyError) {
                return try await self.follow(flight, mayMismatch: mayMismatch)
            } catch {
                throw error.decided(.collapsed)
            }
        }
    }

    private func follow(
        _ flight: InFlight<SharedAttempt.Result>.Flight,
        mayMismatch: Bool
    ) async throws(ProxyError) -> Response {
        let result = try await flight.result()
        let stored: StoredResponse
        switch result {
        case .answer(let answer, _), .coming(let answer, _, _): stored = answer
        case .failed: return try self.settle(result, of: nil, nil)
        case .unshared: return try await self.alone(.hitForMiss)
        case .superseded:
            if let found = self.exchange.findAgain(self.miss) { return found }
            return try await self.alone(nil)
        }
        // Nobody joins what was asked for before an unsafe request that he knows of.
        if self.coordination.invalidations.covers(self.exchange.exchange.path, since: stored.storedAt) {
            return try await self.alone(nil)
        }
        guard stored.matches(self.request.head.fields) else {
            guard mayMismatch else { return try await self.alone(nil) }
            return try await self.together(self.flightKey(stored.variant), mayMismatch: false)
        }
        // It is a part where the leader had one of which he needed no more.
        guard stored.holds(self.exchange.demands.range, for: self.request.head.fields) else {
            return try await self.alone(nil)
        }
        let settled = try await self.settled(result, of: nil)
        if case .unshared = settled { return try await self.alone(.hitForMiss) }
        guard self.mayShare(settled) else { return try await self.after(settled).alone(nil) }
        return try self.settle(settled, of: nil, nil)
    }

    /// Whether what somebody else was answered does for this request: what fails fails for all, and everything else has to
    /// be what would be served out of the store too (RFC 9111, 4).
    private func mayShare(_ result: SharedAttempt.Result) -> Bool {
        guard self.exchange.policy.mode == .http else { return true }
        switch result {
        case .answer(let stored, let fate), .coming(let stored, _, let fate):
            return fate.isFailure
                || self.exchange.policy.verdict(on: stored, self.exchange.demands, at: .now) != .mustValidate
        case .failed, .unshared, .superseded:
            return true
        }
    }

    /// The same request once more, with what another has stored to be validated.
    private func after(_ result: SharedAttempt.Result) async throws(ProxyError) -> Forwarding {
        var result = result
        if case .coming(_, let recording, _) = result { result = try await recording.result() }
        guard case .answer(let stored, let fate) = result, fate.isStored else { return self }
        var miss = self.miss
        miss.stale = stored
        return Forwarding(self.exchange, miss)
    }

    /// The attempt runs in a task of its own, so that what is paid for is finished and stored though its client leaves.
    private func lead(_ leader: InFlight<SharedAttempt.Result>.Leader) async throws(ProxyError) -> Response {
        // Between looking and leading another flight may have landed, on another loop.
        if let found = self.exchange.findAgain(self.miss) {
            leader.finish(.superseded)
            return found
        }
        let shared = self.attempt()
        let bound = self.request.worker.bind(shared)
        self.request.worker.start { await bound.value.lead(leader) }
        return try self.settle(try await self.settled(try await leader.flight.result(), of: shared), of: shared, nil)
    }

    // MARK: What came of it

    private var wantsLess: Bool { self.exchange.demands.isConditional || self.exchange.demands.range != nil }

    /// An answer that is still coming is waited for by those who want less than all of it, and by followers who cannot
    /// know whether they will get all.
    ///
    /// - Parameter shared: The attempt, where it was this request's own.
    private func settled(
        _ result: SharedAttempt.Result,
        of shared: SharedAttempt?
    ) async throws(ProxyError) -> SharedAttempt.Result {
        guard case .coming(_, let recording, let fate) = result else { return result }
        let isBetterStale = fate.isFailure && self.stale.map { self.exchange.mayReplaceError($0, .now) } ?? false
        let isStreamed = self.takesOwn(of: shared) || !self.wantsLess && recording.length != nil
        return isBetterStale || isStreamed ? result : try await recording.result()
    }

    /// The one who asked gets the very answer, with what is not kept of it; but what was validated for somebody who wants
    /// less than all of it comes out of the store.
    private func takesOwn(of shared: SharedAttempt?) -> Bool {
        shared != nil && (!self.wantsLess || self.conditions.isEmpty)
    }

    /// - Parameter shared: The attempt, where it was this request's own.
    private func settle(
        _ result: SharedAttempt.Result,
        of shared: SharedAttempt?,
        _ detail: CacheStatus.Detail?
    ) throws(ProxyError) -> Response {
        var status = CacheStatus.forwarded(self.miss.reason)
        status.key = self.key
        status.detail = detail
        status.isCollapsed = shared == nil
        switch result {
        case .failed(var error):
            if shared == nil { error.decision = .collapsed }
            if let response = self.standIn(for: error, shared?.report, status) { return response }
            error.cache = error.cache ?? status
            throw error
        case .answer(let stored, let fate):
            return self.settle(stored, nil, fate, of: shared, status)
        case .coming(let head, let recording, let fate):
            return self.settle(head, recording, fate, of: shared, status)
        case .unshared, .superseded:
            guard var response = shared?.takeResponse() else {
                throw ProxyError(.internalError, "the answer was lost")
            }
            status.forwardStatus = response.head.status
            if shared?.isFailure == true, let stale = self.standIn(forStatus: shared?.report, status) { return stale }
            response.explain(status)
            response.report.cache = .miss
            return response
        }
    }

    /// - Parameter recording: The content, where it is still coming.
    private func settle(
        _ stored: StoredResponse,
        _ recording: Recording?,
        _ fate: SharedAttempt.Fate,
        of shared: SharedAttempt?,
        _ status: CacheStatus
    ) -> Response {
        var status = status
        status.forwardStatus = fate.forwardStatus
        if fate.isFailure, let response = self.standIn(forStatus: shared?.report, status) { return response }
        status.isStored = fate.isStored
        if fate.isStored { status.timeToLive = stored.timeToLive(at: .now) }
        var response: Response
        if self.takesOwn(of: shared), let own = shared?.takeResponse() {
            response = own
        } else {
            response = Response(stored, to: self.request.head, self.exchange.demands, at: .now)
            if let recording { response.body = .stream(RecordedBody(recording)) }
        }
        response.explain(status)
        if let shared {
            response.report = shared.report
            response.report.cache = .miss
        } else {
            response.report.decision = .collapsed
            response.report.cache = .collapsed
        }
        return response
    }

    // MARK: Standing in

    private func standIn(for error: ProxyError, _ report: ExchangeReport?, _ status: CacheStatus) -> Response? {
        let isCircuit = error.kind == .circuitOpen
        guard isCircuit || error.source == .upstream else { return nil }
        var status = status
        if isCircuit {
            // Nobody was asked, so it is a hit (RFC 9211, 2.1).
            status = .hit(timeToLive: 0, key: self.key, detail: .circuitOpen)
        }
        guard var response = self.standIn(forStatus: report, status, holdsDown: !isCircuit) else { return nil }
        response.report.tell(error)
        return response
    }

    /// The stale answer, where there is one that may be served so (RFC 5861, 4).
    private func standIn(
        forStatus report: ExchangeReport?,
        _ status: CacheStatus,
        holdsDown: Bool = true
    ) -> Response? {
        let now = Moment.now
        guard let stale = self.stale, self.exchange.mayReplaceError(stale, now) else { return nil }
        var status = status
        status.timeToLive = stale.timeToLive(at: now)
        if holdsDown {
            status.detail = .staleIfError
            self.coordination.heldDown.insert(self.key, until: now + self.exchange.policy.holdDown)
        }
        var response = Response(stale, to: self.request.head, self.exchange.demands, at: now)
        response.explain(status)
        if let report { response.report = report }
        response.report.cache = .stale
        let why = status.detail?.rawValue ?? "stale"
        self.upstream.cacheLog.stale(self.key, why)
        return response
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
