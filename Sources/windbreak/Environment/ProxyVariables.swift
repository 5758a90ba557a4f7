// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// The variables that make programs use this proxy, and trust it where it looks into their HTTPS.
struct ProxyVariables {
    /// In a fixed order.
    let all: [(name: String, value: String)]

    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    /// Files of trusted certificates.
    struct Trust {
        /// The authority of this machine alone, for programs that add it to their own.
        var authority: String
        /// It and all that are trusted anyhow, for programs that read nothing else then.
        var bundle: String
    }

    /// - Parameter environment: What is set already; hosts that were not to be proxied stay so.
    init(_ configuration: Configuration, trust: Trust?, environment: [String: String]) throws(Unavailable) {
        let proxy = try Self.proxy(configuration)
        let direct = Self.direct(configuration, environment)
        var all: [(name: String, value: String)] = []
        for (name, value) in [("http_proxy", proxy), ("https_proxy", proxy), ("no_proxy", direct)] {
            // Programs look for one spelling or for the other.
            all += [(name, value), (name.uppercased(), value)]
        }
        // Node looks at them only if it is told to.
        all.append(("NODE_USE_ENV_PROXY", "1"))
        if let trust {
            for name in Self.bundles { all.append((name, trust.bundle)) }
            all.append(("NODE_EXTRA_CA_CERTS", trust.authority))
        }
        self.all = all
    }

    /// OpenSSL and what is built on it, curl, Python's requests and pip, git, the AWS SDKs.
    static let bundles = [
        "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "AWS_CA_BUNDLE",
    ]

    /// The first listener that a proxy's URL can name, and that serves who connects from here.
    private static func proxy(_ configuration: Configuration) throws(Unavailable) -> String {
        for listener in configuration.listen {
            guard case .tcp(let host, let port) = listener.address, listener.tls == nil, port != 0 else { continue }
            let reachable = ["0.0.0.0": "127.0.0.1", "::": "::1"][host] ?? host
            guard Self.serves(listener, at: reachable) else { continue }
            let token = listener.access.tokens.first.map { "windbreak:\(PercentEncoding.queryValue($0.revealed))@" }
            return "http://\(token ?? "")\(ListenAddress(host: reachable, port: port))"
        }
        throw Unavailable(
            description: "no listener takes plain HTTP from this machine at a port that is known beforehand"
        )
    }

    /// Whether it takes a connection from this machine, and takes it for what a program says, not a load balancer.
    private static func serves(_ listener: ListenerConfiguration, at host: String) -> Bool {
        // Whoever connects to an address of his own machine comes from there.
        let address = host == "localhost" ? "127.0.0.1" : host
        guard !listener.proxyProtocol.contains(address) else { return false }
        guard !listener.access.networks.isEmpty, let source = IPAddress(address) else { return true }
        return listener.access.networks.contains { $0.contains(source) }
    }

    private static func direct(_ configuration: Configuration, _ environment: [String: String]) -> String {
        let declared = Set(configuration.upstreams.flatMap(\.hosts))
        let before = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
        var hosts = before.split(whereSeparator: { $0 == "," || $0 == " " }).map(String.init)
        // What runs on this machine is nobody's API, unless it is declared.
        for host in ["localhost", "127.0.0.1", "::1"] where !hosts.contains(host) { hosts.append(host) }
        return hosts.filter { !declared.contains($0) }.joined(separator: ",")
    }
}

extension ProxyVariables {
    /// Lines for a POSIX shell.
    var script: String {
        self.all.map { name, value in
            "export \(name)='\(value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#))'"
        }.joined(separator: "\n")
    }
}
