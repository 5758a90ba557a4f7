// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration

extension Exchange {
    /// Forgets what an unsafe request has changed: its target, and what its answer points at (RFC 9111, 4.4).
    ///
    /// - Parameter head: The upstream's, with references as it wrote them.
    func invalidate(by head: ResponseHead, _ policy: CachePolicy) {
        guard !self.request.head.method.isSafe, 200...399 ~= head.status else { return }
        self.invalidate(self.path, policy)
        for name in ["location", "content-location"] {
            guard let reference = head.fields[name], let path = self.path(of: reference), path != self.path else {
                continue
            }
            self.invalidate(path, policy)
        }
    }

    /// Whether the content is what a GET of the target would get (RFC 9110, 6.4.2).
    func isOfTarget(_ head: ResponseHead) -> Bool {
        head.fields["content-location"].flatMap { self.path(of: $0) } == self.path
    }

    private func invalidate(_ path: Substring, _ policy: CachePolicy) {
        self.upstream.coordination.invalidations.insert(path, at: .now)
        let key = CacheKey(
            upstream: self.upstream.name,
            method: .get,
            target: path,
            fields: self.request.head.fields,
            content: ByteBuffer(),
            policy: policy,
            credentials: self.upstream.partition
        )
        self.upstream.store.remove(key)
        self.upstream.store.removeFromArchive(
            upstream: self.upstream.name,
            target: self.upstream.mask.masked(String(path))
        )
    }

    /// Where a reference leads within this upstream, below its mount; nil if it leads elsewhere, since nobody may
    /// invalidate what is another's.
    private func path(of reference: String) -> Substring? {
        let reference = reference.prefix { $0 != "#" }
        let configuration = self.upstream.configuration
        let mount = configuration.mount
        guard configuration.mayBeSameOrigin(reference),
            let location = configuration.downstreamLocation(self.absolute(reference) ?? String(reference)),
            let target = (try? RequestTarget(location))?.pathAndQuery, target.hasPrefix(mount)
        else { return nil }
        let path = target.dropFirst(mount.count)
        return mount.isEmpty || path.isEmpty || path.hasPrefix("/") || path.hasPrefix("?") ? path : nil
    }

    /// A reference that is relative to the target, as the path at the upstream that it leads to (RFC 3986, 5.2); nil for
    /// any other.
    private func absolute(_ reference: Substring) -> String? {
        let isRelative = !reference.hasPrefix("/") && !reference.prefix { $0 != "/" && $0 != "?" }.contains(":")
        let path = self.path.prefix { $0 != "?" }
        guard isRelative, !reference.isEmpty, let slash = path.lastIndex(of: "/") else { return nil }
        let base = self.upstream.configuration.url.basePath + (reference.hasPrefix("?") ? path : path[...slash])
        return (try? RequestTarget(base + reference))?.pathAndQuery
    }
}

extension UpstreamConfiguration {
    /// A port belongs to one scheme, so that the same one under another is another's (RFC 9110, 4.3.1).
    fileprivate func mayBeSameOrigin(_ reference: Substring) -> Bool {
        let other = self.url.isTLS ? "http://" : "https://"
        guard reference.prefix(other.count).equalsIgnoringCase(other) else { return true }
        let authority = reference.dropFirst(other.count).prefix { $0 != "/" && $0 != "?" }
        return self.hosts.contains { authority.equalsIgnoringCase($0) }
    }
}
