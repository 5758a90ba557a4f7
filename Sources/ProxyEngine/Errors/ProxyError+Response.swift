// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

extension ProxyError {
    /// The answer that explains the error: one table of statuses, RFC 9209 error types and titles for all of them.
    private var row: (status: Int, proxyStatus: String, title: String) {
        switch self.kind {
        case .badRequest: (400, "http_request_error", "The request is not valid")
        case .targetTooLong: (414, "http_request_error", "The request target is too long")
        case .headersTooLarge: (431, "http_request_error", "The request's header section is too large")
        case .contentTooLarge: (413, "http_request_error", "The request's content is too large")
        case .versionNotSupported: (505, "http_request_error", "The HTTP version is not supported")
        case .notImplemented: (501, "http_request_error", "The request needs what is not implemented")
        case .requestTimeout: (408, "http_request_error", "The request took too long to arrive")
        case .methodNotAllowed: (405, "http_request_denied", "The method is not allowed here")
        case .unauthorized: (401, "http_request_denied", "A token is needed here")
        case .proxyUnauthorized: (407, "http_request_denied", "A token is needed to use this proxy")
        case .forbidden: (403, "http_request_denied", "This proxy is not for the client's address")
        case .misdirected: (421, "http_request_denied", "The request is for another host than the tunnel")
        case .noRoute: (404, "http_request_denied", "Nothing is declared for this path")
        case .denied: (403, "http_request_denied", "This host is not declared")
        case .notStored: (404, "http_request_denied", "The cache has no such entry")
        case .crossSite: (403, "http_request_denied", "Pages of other sites may not do this")
        case .loop: (508, "proxy_loop_detected", "The request came back to this proxy")
        case .cancelled: (499, "connection_terminated", "The client went away")
        case .dns: (502, "dns_error", "The upstream's name cannot be resolved")
        case .addressDenied: (502, "destination_ip_prohibited", "The upstream's address is not allowed")
        case .connectRefused: (502, "connection_refused", "The upstream refuses connections")
        case .connectFailed: (502, "destination_ip_unroutable", "The upstream cannot be reached")
        case .connectTimeout: (504, "connection_timeout", "The upstream took too long to connect to")
        case .tlsCertificate: (502, "tls_certificate_error", "The upstream's certificate is not trusted")
        case .tls: (502, "tls_protocol_error", "The upstream's TLS failed")
        case .firstByteTimeout: (504, "http_response_timeout", "The upstream took too long to answer")
        case .idleTimeout: (504, "connection_read_timeout", "The upstream stopped in the middle")
        case .totalTimeout: (504, "http_response_timeout", "The exchange took too long")
        case .reset: (502, "connection_terminated", "The upstream closed the connection before it answered")
        case .incomplete: (502, "http_response_incomplete", "The upstream's answer ended too early")
        case .protocolError: (502, "http_protocol_error", "The upstream's answer is not valid HTTP")
        case .circuitOpen: (503, "destination_unavailable", "The upstream's circuit is open")
        case .notCached: (504, "proxy_internal_response", "Nothing is stored that may be served")
        case .internalError: (500, "proxy_internal_error", "The proxy failed")
        }
    }

    package var status: Int { self.row.status }

    /// The value of `Proxy-Status` (RFC 9209).
    package var proxyStatus: String {
        "windbreak; error=\(self.row.proxyStatus); details=\(StructuredString(self.detail))"
    }

    /// The problem document (RFC 9457) with its status and fields.
    func response() -> Response {
        // Room for what is added from here to the client.
        var fields = HeaderFields(reservingBytes: 400, fields: 8)
        fields.add("Content-Type", "application/problem+json")
        fields.add("Proxy-Status", self.proxyStatus)
        if let challenge { fields.add(challenge, "Basic realm=\"windbreak\", Bearer realm=\"windbreak\"") }
        if let seconds = self.retryAfterSeconds { fields.add("Retry-After") { $0.append(seconds) } }
        var content = ByteBuffer()
        self.problem.write(to: &content)
        var response = Response(ResponseHead(self.status, fields: fields), .whole(content))
        response.report.upstream = self.upstream
        response.report.reason = self.kind.rawValue
        response.report.tell(self)
        return response
    }

    /// The field that asks for credentials (RFC 9110, 11.6.1 and 11.7.1).
    private var challenge: String? {
        switch self.kind {
        case .unauthorized: "WWW-Authenticate"
        case .proxyUnauthorized: "Proxy-Authenticate"
        default: nil
        }
    }

    private var problem: JSON {
        var members: [JSON.Member] = [
            .init(name: "type", value: .string("urn:windbreak:problem:\(self.kind.rawValue)")),
            .init(name: "title", value: .string(self.row.title)),
            .init(name: "status", value: .number(String(self.status))),
            .init(name: "detail", value: .string(self.detail)),
            .init(name: "upstream", value: self.upstream.map { .string($0) } ?? .null),
            .init(name: "reason", value: .string(self.kind.rawValue)),
        ]
        if let seconds = self.retryAfterSeconds {
            members.append(.init(name: "retry_after", value: .number(String(seconds))))
        }
        return .object(members)
    }
}

extension ExchangeReport {
    /// What an exchange has to say that got no answer.
    mutating func tell(_ error: ProxyError) {
        self.circuit = error.circuit
        self.decision = error.decision ?? .local
        self.attempts = self.decision.isAttempt ? 1 : 0
        // Without an attempt there is nothing that could have been learnt about the upstream.
        self.outcome = self.decision.isAttempt || error.kind == .cancelled ? error.outcome : nil
    }
}
