// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
package import Resilience

/// Why an exchange got no answer from its upstream, and whose fault that is.
package struct ProxyError: Error, Sendable, Equatable {
    package enum Source: String, Sendable { case downstream, upstream, proxy }

    /// One case for each row of the table in `ProxyError+Response.swift`. The raw value is the `reason` in problem
    /// documents and logs: a fixed set of words, so that it can label a metric.
    package enum Kind: String, CaseIterable, Sendable {
        // The client's fault.
        case badRequest = "bad-request"
        case targetTooLong = "target-too-long"
        case headersTooLarge = "headers-too-large"
        case contentTooLarge = "content-too-large"
        case versionNotSupported = "version-not-supported"
        case notImplemented = "not-implemented"
        case requestTimeout = "request-timeout"
        case methodNotAllowed = "method-not-allowed"
        case unauthorized = "unauthorized"
        case proxyUnauthorized = "proxy-unauthorized"
        case forbidden = "forbidden"
        case misdirected = "misdirected"
        case noRoute = "no-route"
        case denied = "denied"
        case notStored = "not-stored"
        case crossSite = "cross-site"
        case loop = "loop"
        case cancelled = "cancelled"
        // The upstream's.
        case dns = "dns"
        case addressDenied = "address-denied"
        case connectRefused = "connection-refused"
        case connectFailed = "connection-failed"
        case connectTimeout = "connect-timeout"
        case tlsCertificate = "tls-certificate"
        case tls = "tls"
        case firstByteTimeout = "first-byte-timeout"
        case idleTimeout = "idle-timeout"
        case totalTimeout = "total-timeout"
        case reset = "reset"
        case incomplete = "incomplete"
        case protocolError = "protocol"
        // Our own decision.
        case circuitOpen = "circuit-open"
        case notCached = "not-cached"
        case internalError = "internal"
    }

    package var kind: Kind
    /// A sentence for people. Never holds a secret or bytes of a peer.
    package var detail: String
    package var upstream: String?
    /// After how many seconds another try makes sense; its answer knows whole ones only.
    package var retryAfterSeconds: Int?
    /// What the circuit was that has refused.
    var circuit: CircuitBreaker.State?
    /// What the cache had to do with it, where that is known.
    var cache: CacheStatus?
    /// How the exchange was decided that ended with it; nil if nobody came to decide about an attempt.
    var decision: ExchangeReport.Decision?

    /// - Parameter retryAfter: See ``wholeSeconds(_:)``.
    package init(_ kind: Kind, _ detail: String, upstream: String? = nil, retryAfter: Duration? = nil) {
        self.kind = kind
        self.detail = detail
        self.upstream = upstream
        self.retryAfterSeconds = retryAfter.map(Self.wholeSeconds)
    }

    /// Rounded up to whole seconds, at least 1 (RFC 9110, 10.2.3).
    static func wholeSeconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return max(1, Int(seconds) + (attoseconds > 0 ? 1 : 0))
    }

    /// The same of an exchange that was decided so, unless more is known of it.
    func decided(_ decision: ExchangeReport.Decision?) -> ProxyError {
        var error = self
        error.decision = self.decision ?? decision
        return error
    }

    package var source: Source {
        switch self.kind {
        case .badRequest, .targetTooLong, .headersTooLarge, .contentTooLarge, .versionNotSupported, .notImplemented,
            .requestTimeout, .methodNotAllowed, .unauthorized, .proxyUnauthorized, .forbidden, .misdirected, .noRoute,
            .denied, .notStored, .crossSite, .loop, .cancelled:
            .downstream
        case .dns, .addressDenied, .connectRefused, .connectFailed, .connectTimeout, .tlsCertificate, .tls,
            .firstByteTimeout, .idleTimeout, .totalTimeout, .reset, .incomplete, .protocolError:
            .upstream
        case .circuitOpen, .notCached, .internalError:
            .proxy
        }
    }

    /// What an attempt that ended this way says about the upstream.
    package var outcome: Outcome {
        switch self.kind {
        case .dns: .failure(.dns)
        case .addressDenied, .connectRefused, .connectFailed: .failure(.connect)
        case .tlsCertificate, .tls: .failure(.tls)
        case .connectTimeout, .firstByteTimeout, .idleTimeout, .totalTimeout: .failure(.timeout)
        case .reset, .incomplete: .failure(.reset)
        case .protocolError: .failure(.protocol)
        case .badRequest, .targetTooLong, .headersTooLarge, .contentTooLarge, .versionNotSupported, .notImplemented,
            .requestTimeout, .methodNotAllowed, .unauthorized, .proxyUnauthorized, .forbidden, .misdirected, .noRoute,
            .denied, .notStored, .crossSite, .loop, .cancelled, .circuitOpen, .notCached, .internalError:
            .cancelled
        }
    }
}
