// SPDX-License-Identifier: Apache-2.0

package import HTTPCaching
package import HTTPMessage
package import Resilience

/// One declared API: where it is, how it is spoken to, and what protects it.
package struct UpstreamConfiguration: Sendable, Equatable {
    /// Letters, digits, `_` and `-`; the word for it in the file, paths, logs and metrics.
    package var name: String
    package var url: UpstreamURL
    /// The prefix that clients use, beginning with `/` and not ending with one; empty for `/` itself. Default `/NAME`.
    package var path: String
    /// Prefixes of what follows the upstream's own path which are dropped, since the url has them already: what clients
    /// of the vendor put there. Each begins with `/` and does not end with one; the first that matches whole segments.
    package var strip: [String] = []
    /// Hosts that forward-proxy requests name, in lower case. Default: the host of the url.
    package var hosts: [String]
    /// Whether the name in the url may lead to addresses that are not public. A url with an address needs it not.
    package var isPrivate = false
    /// Sent in place of the caller's own credential. Nil or empty: the caller's own passes through.
    package var apiKey: Secret?
    /// Where the upstream wants its credential.
    package var auth: CredentialPlacement?
    /// Fields whose values are secret, in lower case: never logged, never part of a visible key.
    package var secretHeaders: Set<String> = ["authorization", "proxy-authorization", "cookie"]
    /// Query parameters whose values are secret, in lower case.
    package var secretQuery: Set<String> = []
    package var requestHeaders = HeaderRules()
    package var forwardedHeaders: ForwardedHeaders = .append
    package var timeouts = Timeouts()
    package var breaker = CircuitBreaker.Policy()
    package var responses = ResponseRules()
    package var cache: CachePolicy?
    /// Refinements for some of the paths, the first that matches applies.
    package var routes: [RouteRule] = []
    package var connections = ConnectionLimits()
    package var tls = UpstreamTLS()
    package var http2 = HTTP2.auto
    /// The largest request body, in bytes. Default 50 MiB; beyond it 413.
    package var maxBody = 50 << 20
    /// How an image becomes a request and a response becomes suggestions, for `combined` endpoints.
    package var identify: IdentificationMapping?

    /// Whether HTTP/2 is offered to an upstream by ALPN.
    package enum HTTP2: String, CaseIterable, Sendable { case auto, off }

    package init(name: String, url: UpstreamURL) {
        self.name = name
        self.url = url
        self.path = "/" + name
        self.hosts = [url.host]
    }
}

/// `http` or `https`, a host, a port and a base path.
package struct UpstreamURL: Hashable, Sendable, CustomStringConvertible {
    package var isTLS: Bool
    /// A name or a numeric address in lower case; IPv6 without brackets.
    package var host: String
    package var port: Int
    /// Empty, or beginning with `/` and not ending with one.
    package var basePath: String

    package init(isTLS: Bool, host: String, port: Int, basePath: String) {
        self.isTLS = isTLS
        self.host = host
        self.port = port
        self.basePath = basePath
    }

    package var hasDefaultPort: Bool { self.port == (self.isTLS ? 443 : 80) }

    /// The value of `Host` for requests to it (RFC 9110, 7.2).
    package var authority: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        return self.hasDefaultPort ? host : "\(host):\(self.port)"
    }

    package var description: String { "\(self.isTLS ? "https" : "http")://\(self.authority)\(self.basePath)" }
}

/// A value that no log, metric, error or dump may show.
package struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    /// The value itself, for the one place that sends it.
    package let revealed: String
    package init(_ value: String) { self.revealed = value }
    package var description: String { "***" }
    package var debugDescription: String { "***" }
}

package enum CredentialPlacement: Hashable, Sendable {
    case header(String)
    case query(String)

    /// The field; nil where it is in the query.
    package var header: String? {
        if case .header(let name) = self { name } else { nil }
    }
}

/// What is done to a request's fields before it is sent.
package struct HeaderRules: Sendable, Equatable {
    package var remove: [String] = []
    package var set: [Field] = []

    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }
    package init() {}

    /// All fields that there is a rule for.
    package var names: [String] { self.remove + self.set.map(\.name) }
}

/// What becomes of `X-Forwarded-For`, `-Proto` and `-Host`.
package enum ForwardedHeaders: String, CaseIterable, Sendable {
    /// Adds to what the client sent.
    case append
    /// Drops what the client sent and writes its own.
    case replace
    /// Drops what the client sent and writes none.
    case remove
}

/// How long each step may take.
package struct Timeouts: Hashable, Sendable {
    /// Name resolution, TCP and TLS together. Default 5 s.
    package var connect: Duration = .seconds(5)
    /// From the end of the request to the head of the answer. Default 30 s.
    package var firstByte: Duration = .seconds(30)
    /// Between two pieces of the answer, and between two pieces of the request that the upstream takes. Default 15 s.
    package var idle: Duration = .seconds(15)
    /// The whole exchange, retries and bodies included. Default 60 s.
    package var total: Duration = .seconds(60)
    package init() {}
}

/// What an answer means, where the status alone does not say it.
package struct ResponseRules: Sendable, Equatable {
    /// Statuses that are neither success nor failure. Default 4xx.
    package var exclude: StatusSet = .clientErrors
    /// Statuses that say *less, please*, or *no credit left*. Default 429.
    package var throttled: Set<Int> = [429]
    /// What a 2xx must carry to be a success.
    package var expect: Expectation = .anything
    /// A 2xx whose JSON has one of these values at its pointer is a failure of kind `body`.
    package var failedWhen: [Condition] = []

    package enum Expectation: String, CaseIterable, Sendable { case anything, json }

    package struct Condition: Hashable, Sendable {
        /// RFC 6901.
        package var pointer: String
        package var equals: String
        package init(pointer: String, equals: String) {
            self.pointer = pointer
            self.equals = equals
        }
    }
    package init() {}
}

/// Other settings for some of an upstream's paths.
package struct RouteRule: Sendable, Equatable {
    /// A path below the upstream's own, where a `*` at the end stands for anything.
    package var path: String
    /// Empty: every method.
    package var methods: Set<HTTPMethod> = []
    package var cache: CachePolicy?
    package var timeouts: Timeouts
    /// Costs nothing at the vendor.
    package var isFree = false
    /// What a call costs at the vendor, in whatever unit its account has, 0 to a million. Nil: nobody has said.
    package var cost: Double?
    package init(path: String, timeouts: Timeouts) {
        self.path = path
        self.timeouts = timeouts
    }
}

/// The idle connections that are kept, for each event loop.
package struct ConnectionLimits: Hashable, Sendable {
    /// How long an idle connection is kept. Default 60 s.
    package var idle: Duration = .seconds(60)
    /// How many idle connections are kept. Default 64.
    package var maxIdle = 64
    package init() {}
}

package struct UpstreamTLS: Hashable, Sendable {
    /// PEM file of the authorities to trust in place of the system's.
    package var caFile: String?
    package init() {}
}
