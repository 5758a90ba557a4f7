// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration

/// Who answers a request: by path prefix, the longest first, or by host for requests in absolute form.
struct Router: Sendable {
    enum Match: Sendable {
        /// - Parameter path: What follows the upstream's mount, with the query.
        case upstream(Upstream, path: Substring)
        case local(LocalRoute)
    }

    private enum Owner: Sendable {
        case upstream(Upstream)
        case local(LocalRoute)
    }

    /// A reference, since every request looks at some.
    private final class Entry: Sendable {
        let prefix: String
        let owner: Owner

        init(prefix: String, owner: Owner) {
            self.prefix = prefix
            self.owner = owner
        }
    }

    private let entries: [Entry]
    private let hosts: [String: Upstream]

    init(upstreams: [Upstream], local: [LocalRoute]) {
        let mounts = upstreams.map { Entry(prefix: $0.configuration.mount, owner: .upstream($0)) }
        let handlers = local.map { Entry(prefix: $0.path, owner: .local($0)) }
        self.entries = (handlers + mounts).sorted { $0.prefix.utf8.count > $1.prefix.utf8.count }
        var hosts: [String: Upstream] = [:]
        for upstream in upstreams {
            for host in upstream.configuration.hosts { hosts[host] = upstream }
        }
        self.hosts = hosts
    }

    func match(_ target: RequestTarget) throws(ProxyError) -> Match {
        if let authority = target.authority { return try self.match(target, authority) }
        for entry in self.entries where target.path.isAtOrBelow(entry.prefix) {
            switch entry.owner {
            case .local(let route):
                if route.isPrefix || target.path.utf8.count == entry.prefix.utf8.count { return .local(route) }
            case .upstream(let upstream):
                let whole = target.pathAndQuery
                let path = whole[whole.utf8.index(whole.startIndex, offsetBy: entry.prefix.utf8.count)...]
                guard !upstream.strip.isEmpty else { return .upstream(upstream, path: path) }
                return .upstream(upstream, path: upstream.stripped(path.utf8).map { Substring($0) } ?? path)
            }
        }
        throw ProxyError(.noRoute, "no upstream is mounted here, and nothing of the proxy's own has this path")
    }

    func declares(_ authority: Authority) -> Bool { self.hosts[authority.name] != nil }

    /// A request of HTTP/2 in the form in which HTTP/1.1 sends it to a proxy, if it is about a declared upstream: there all
    /// requests have one form, and only their authority tells whom they are for (RFC 9113, 8.3.1).
    func addressed(_ head: RequestHead) -> RequestHead {
        guard let host = head.fields["host"], let authority = Authority(host[...]), self.declares(authority),
            (try? self.upstream(at: authority, defaultPort: 80)) != nil
        else { return head }
        var head = head
        head.target = "http://\(authority.description)\(head.target == "*" ? "" : head.target)"
        return head
    }

    /// The upstream that is declared for a host. Its port is the scheme's or the upstream's own: another one is another
    /// server, which nobody has declared.
    func upstream(at authority: Authority, defaultPort: Int) throws(ProxyError) -> Upstream {
        guard let upstream = self.hosts[authority.name] else {
            throw ProxyError(.denied, "this host is not declared")
        }
        let port = authority.port ?? defaultPort
        guard port == defaultPort || port == upstream.configuration.url.port else {
            throw ProxyError(.denied, "this port of the host is not declared")
        }
        return upstream
    }

    /// A target in absolute form names the upstream's own path, base included.
    private func match(_ target: RequestTarget, _ authority: Authority) throws(ProxyError) -> Match {
        let upstream = try self.upstream(at: authority, defaultPort: target.defaultPort)
        let base = upstream.configuration.url.basePath
        let path = target.pathAndQuery.utf8[...]
        guard let rest = path.rest(below: base) ?? upstream.stripped(path) else {
            throw ProxyError(.noRoute, "the path is not below the base of the upstream with this host")
        }
        return .upstream(upstream, path: Substring(rest))
    }
}

extension Upstream {
    /// Without the first of its prefixes that the path has; nil if it has none of them.
    fileprivate func stripped(_ path: Substring.UTF8View) -> Substring.UTF8View? {
        for prefix in self.strip {
            if let rest = path.rest(below: prefix) { return rest }
        }
        return nil
    }
}

extension String {
    /// Prefixes end where segments end: `/plants` does not own `/plants-too`.
    fileprivate func isAtOrBelow(_ prefix: String) -> Bool {
        let count = prefix.utf8.count
        guard self.utf8.count >= count else { return false }
        let matches = self.utf8.withContiguousStorageIfAvailable { path in
            prefix.utf8.withContiguousStorageIfAvailable { prefix in
                path[..<count].elementsEqual(prefix) && (path.count == count || path[count] == 0x2F)
            }
        }
        return matches.flatMap(\.self) ?? (self.utf8[...].rest(below: prefix) != nil)
    }
}

extension Substring.UTF8View {
    fileprivate func rest(below prefix: String) -> Substring.UTF8View? {
        guard self.starts(with: prefix.utf8) else { return nil }
        let rest = self.dropFirst(prefix.utf8.count)
        return rest.isEmpty || rest.first == 0x2F || rest.first == 0x3F ? rest : nil
    }
}
