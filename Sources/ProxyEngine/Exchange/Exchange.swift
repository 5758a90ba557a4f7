// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
package import NIOCore
import ProxyConfiguration
import Resilience

/// One request at one upstream, from the cache to the answer:
///
///     cache.lookup -> collapse -> circuit.permit -> connection -> attempt -> cache.store -> respond
///
/// Cache and collapse stand outside the circuit: a hit is served while it is open, and is no sample for it.
///
/// A reference, since it is handed on at every step and would cost some twenty of them each time.
final class Exchange {
    let upstream: Upstream
    let request: Request
    /// Below the upstream's mount, with the query.
    let path: Substring
    /// The request's content, with its limit.
    private var body: Body
    private let terms: ExchangeTerms
    /// An instant by which it must be over, if its timeouts do not end it before.
    private let cap: NIODeadline
    /// Nil where nothing may be stored.
    private let contract: CacheContract?
    /// What the cache said, once it has been asked.
    private var finding = CachedExchange.Finding.pending
    /// What its content takes in memory, where that is held for the key.
    var room: ContentRoom?
    /// The admission of an attempt that has not begun.
    private var ticket: CircuitTicket?
    /// How its last attempt was decided on; nil if there was none.
    private(set) var decision: ExchangeReport.Decision?

    init(_ request: Request, at upstream: Upstream, path: Substring, cap: NIODeadline) {
        self.upstream = upstream
        self.request = request
        self.path = path
        self.body = request.body
        let recent = request.recent
        self.terms = recent?.terms ?? upstream.terms(for: request.head.method, path: path)
        self.cap = cap
        // What comes after a handshake nobody can store.
        self.contract = UpgradeOffer(request) != nil ? nil : self.terms.contract
        recent?.terms = self.terms
    }

    /// Another request of the same at the same place.
    init(_ other: Exchange, with request: Request) {
        self.upstream = other.upstream
        self.request = request
        self.path = other.path
        self.body = other.body
        self.terms = other.terms
        self.cap = other.cap
        self.contract = other.contract
    }

    private var deadline: ExchangeDeadline {
        ExchangeDeadline(self.terms.timeouts, start: self.request.arrival, cap: self.cap)
    }

    /// As far as it gets without waiting: what is stored and fresh, or a refusal.
    func begin() -> Step {
        do throws(ProxyError) {
            try self.limitBody()
            guard let contract = self.contract else {
                self.ticket = try self.upstream.circuit.admit()
                return .upstream(self)
            }
            let cached = CachedExchange(self, by: contract)
            self.finding = cached.find(for: self.body)
            guard case .hit(let hit) = self.finding else { return .upstream(self) }
            return self.ended(cached.serve(hit))
        } catch {
            return self.ended(self.failed(error))
        }
    }

    private func ended(_ response: consuming Response) -> Step {
        var response = response
        self.finish(&response)
        return .answered(response)
    }

    /// The answer of the upstream, or what the cache makes of it.
    private func answer() async throws(ProxyError) -> Response {
        guard let contract = self.contract else { return try await self.attempt(self.body) }
        return try await CachedExchange(self, by: contract).answer(self.finding, self.body)
    }

    /// The answer, when all has been waited for.
    func response() async -> Response {
        var response: Response
        do throws(ProxyError) {
            response = try await self.answer()
        } catch {
            response = self.failed(error)
        }
        self.finish(&response)
        return response
    }

    private func limitBody() throws(ProxyError) {
        let limit = self.upstream.configuration.maxBody
        let length = self.body.length
        guard length.map({ $0 > limit }) ?? true else { return }
        let tooLarge = ProxyError(.contentTooLarge, "\(self.upstream.name) takes at most \(limit) bytes")
        guard length == nil, case .stream(let source) = self.body else { throw tooLarge }
        self.body = .stream(LimitedBody(source, limit: limit, error: tooLarge))
    }

    /// Asks the upstream, whatever the cache may have.
    ///
    /// - Parameter fields: In place of the caller's.
    func attempt(_ body: Body, fields: HeaderFields? = nil) async throws(ProxyError) -> Response {
        let request = fields.map { fields in self.request.with { $0.fields = fields } } ?? self.request
        let attempt = Attempt(
            upstream: self.upstream,
            request: OutgoingRequest(
                request,
                body: body,
                path: self.path,
                to: self.upstream.configuration,
                host: self.upstream.authority
            ),
            worker: self.request.worker,
            deadline: self.deadline,
            onInterim: self.request.onInterim,
            isExpected: self.request.isExpected
        )
        let ticket: CircuitTicket
        if let admitted = self.ticket { ticket = admitted } else { ticket = try self.upstream.circuit.admit() }
        self.decision = ticket.decision
        var response = try await attempt.run(with: ticket)
        response.prepareForDownstream()
        return response
    }

    // MARK: Explaining

    /// The problem document of an exchange that got no answer.
    private func failed(_ error: ProxyError) -> Response {
        var error = error
        error.upstream = error.upstream ?? self.upstream.name
        var response = error.response()
        if self.contract != nil {
            response.report.cache = error.decision == .collapsed ? .collapsed : .miss
            response.explain(error.cache ?? .forwarded(.uriMiss))
        }
        if error.kind == .circuitOpen, self.contract == nil, let recent = self.request.recent {
            response.repetition = Response.Repetition(recent: recent, ground: .rejection(error))
        }
        return response
    }

    /// Completes an answer with all that is to be known about it.
    private func finish(_ response: inout Response) {
        // A client that named the upstream itself, by a target in absolute form or a tunnel, follows its references itself.
        let hasNamedIt = self.request.head.target.utf8.first != 0x2F || self.request.client.tunnel != nil
        // What has refused may be something else a moment later.
        let state = response.report.circuit ?? self.upstream.circuit.state
        if response.report.cache == .none { response.explain(.forwarded(.bypass)) }
        if !hasNamedIt { response.head.relocate(self.path, from: self.upstream) }
        response.head.fields.add("X-Windbreak-Circuit", self.upstream.circuitField(state))
        response.report.upstream = self.upstream.name
        response.report.circuit = state
        switch response.body {
        case .whole:
            let report = response.finalReport
            self.upstream.metrics.exchangeEnded(report, status: response.head.status, cost: self.terms.cost)
        case .stream:
            // It may still break off.
            response.end = ExchangeEnd(of: response, in: self.upstream.metrics, cost: self.terms.cost)
        }
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
        await self.begin(request, path: path, cap: cap).response()
    }

    /// As far as it gets without waiting.
    func begin(_ request: Request, path: Substring, cap: NIODeadline = .distantFuture) -> Step {
        self.metrics.exchangeStarted()
        return Exchange(request, at: self, path: path, cap: cap).begin()
    }
}
