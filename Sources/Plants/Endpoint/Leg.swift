// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import ProxyEngine
import Resilience

/// One API of a combined endpoint.
struct Leg: Sendable {
    let upstream: Upstream
    private let mapping: IdentificationMapping

    var name: String { self.upstream.name }

    init?(_ upstream: Upstream) {
        guard let mapping = upstream.configuration.identify else { return nil }
        self.upstream = upstream
        self.mapping = mapping
    }

    func call(for identify: IdentifyRequest, with credentials: CallerCredentials) -> LegCall {
        // A leg that takes fewer images gets the first of them: less to go by is better than nothing.
        let limit = self.mapping.request.body == .raw ? 1 : self.mapping.request.maxImages
        let photos = Array(identify.photos.prefix(limit))
        guard photos.allSatisfy({ self.mapping.request.accepts.contains($0.format) }) else {
            return LegCall(leg: self, request: nil)
        }
        var request = LegRequest(self.mapping.request, photos: photos, options: identify.options)
        credentials.add(to: &request, for: self.upstream.configuration)
        return LegCall(leg: self, request: request)
    }

    func read(status: Int, content: ByteBuffer) -> LegReading {
        LegReading(status: status, content: content, self.mapping.response)
    }
}

/// What one leg is asked in one combined request.
struct LegCall: Sendable {
    let leg: Leg
    /// Nil: the leg does not take this kind of image.
    let request: LegRequest?

    /// No answer about a plant is longer; related images are addresses.
    private static let maxAnswer = 4 << 20

    /// Fields of the caller that say where he comes from; what becomes of them is the upstream's `forwarded`.
    private static let told = ["host", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]

    /// Asks, and comes back by `cap` at the latest, whatever happens.
    func outcome(for caller: LocalRequest, cap: NIODeadline) async -> LegOutcome {
        guard let request else {
            return LegOutcome(leg: self.leg.name, result: .skipped(reason: "unsupported-image"), duration: .zero)
        }
        let start = ContinuousClock.now
        let result = await self.ask(request, for: caller, cap)
        return LegOutcome(leg: self.leg.name, result: result, duration: start.duration(to: .now))
    }

    private func ask(
        _ call: LegRequest,
        for caller: LocalRequest,
        _ cap: NIODeadline
    ) async -> LegOutcome.Result {
        var fields = call.fields
        for name in Self.told {
            for value in caller.head.fields.values(of: name) { fields.add(name, value) }
        }
        let request = Request(
            RequestHead(call.method, call.path, fields: fields),
            body: .whole(call.content),
            client: caller.client,
            worker: caller.worker,
            id: caller.id,
            // What cannot be read is kept for nobody, and says as much of the API as a page of HTML does.
            expecting: { self.leg.read(status: 200, content: $0) != .malformed }
        )
        let response = await self.leg.upstream.exchange(request, path: call.path[...], cap: cap)
        do throws(ProxyError) {
            let collected = try await response.collected(upTo: Self.maxAnswer)
            return self.result(collected)
        } catch {
            return LegOutcome.Result(error.kind, of: .answer)
        }
    }

    private func result(_ response: CollectedResponse) -> LegOutcome.Result {
        if let reason = response.report.reason {
            let retryAfter = response.head.fields["retry-after"].flatMap { Int($0) }
            guard let kind = ProxyError.Kind(rawValue: reason) else {
                return response.head.status == 503 || response.head.status == 429
                    ? .unavailable(reason: reason, retryAfter: retryAfter) : .failed(reason: reason)
            }
            return LegOutcome.Result(kind, of: .exchange, retryAfter: retryAfter)
        }
        // The profile knows what a failure looks like that comes as a success.
        if response.report.outcome == .failure(.body) { return .failed(reason: "response-malformed") }
        let isCached = response.report.cache == .hit || response.report.cache == .stale
        switch self.leg.read(status: response.head.status, content: response.content) {
        case .answer(let answer): return .answered(answer, cached: isCached)
        case .noMatch: return .answered(LegAnswer(), cached: isCached)
        case .malformed: return .failed(reason: "response-malformed")
        case .refused(let status): return .failed(reason: Self.reason(for: status))
        }
    }

    private static func reason(for status: Int) -> String {
        switch status {
        case 401, 403: "auth-rejected"
        case 402: "payment-required"
        case 429: "rate-limited"
        default: "http-\(status)"
        }
    }
}

extension LegOutcome.Result {
    /// Where an error came up: before there was an answer, or while it was read.
    enum Step { case exchange, answer }

    /// Callers are told the few things that they can act on; which of them it was exactly is in the log of the exchange.
    init(_ kind: ProxyError.Kind, of step: Step, retryAfter: Int? = nil) {
        switch kind {
        case .circuitOpen:
            self = .unavailable(reason: "circuit-open", retryAfter: retryAfter)
        case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout:
            self = .timedOut
        case .dns, .addressDenied, .connectRefused, .connectFailed, .tlsCertificate, .tls, .reset, .incomplete:
            self = .failed(reason: "connection-error")
        case .protocolError:
            self = .failed(reason: "response-malformed")
        case .contentTooLarge:
            // On the way there it is the image that is too large for this API, on the way back the answer for us.
            self = step == .exchange ? .skipped(reason: "content-too-large") : .failed(reason: "response-malformed")
        case .cancelled:
            self = .failed(reason: "cancelled")
        case .badRequest, .targetTooLong, .headersTooLarge, .versionNotSupported, .notImplemented, .requestTimeout,
            .methodNotAllowed,
            .unauthorized, .proxyUnauthorized, .forbidden, .misdirected, .noRoute, .denied, .notStored, .crossSite,
            .loop,
            .notCached, .internalError:
            self = .failed(reason: "request-failed")
        }
    }
}
