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
        if let location = configuration.downstreamLocation(String(reference)) {
            return location.dropFirst(configuration.mount.count)
        }
        let isRelative = !reference.hasPrefix("/") && !reference.prefix { $0 != "/" && $0 != "?" }.contains(":")
        guard isRelative, !reference.isEmpty else { return nil }
        let path = self.path.prefix { $0 != "?" }
        guard !reference.hasPrefix("?") else { return path + reference }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return path[...slash] + reference
    }
}
