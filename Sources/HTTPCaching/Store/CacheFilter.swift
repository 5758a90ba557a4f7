// SPDX-License-Identifier: Apache-2.0

/// Which of the stored answers somebody means: those for which everything is true that it names.
package struct CacheFilter: Hashable, Sendable {
    package var keys: ClosedRange<CacheKey>?
    /// By its name.
    package var upstream: String?
    /// What the target begins with, below the upstream's mount.
    package var path: String?
    /// One of the names that the origin gave it for this purpose.
    package var tag: String?

    package init(
        keys: ClosedRange<CacheKey>? = nil,
        upstream: String? = nil,
        path: String? = nil,
        tag: String? = nil
    ) {
        self.keys = keys
        self.upstream = upstream
        self.path = path
        self.tag = tag
    }

    /// Whether it names nothing, and so means everything.
    package var isEmpty: Bool { self == CacheFilter() }

    /// Whether it means one of the variants at least: they are one entry.
    func matches(_ key: CacheKey, _ request: CachedRequest, _ variants: Variants) -> Bool {
        if let keys = self.keys, !keys.contains(key) { return false }
        if let upstream = self.upstream, request.upstream != upstream { return false }
        if let path = self.path, !request.target.utf8.starts(with: path.utf8) { return false }
        if let tag = self.tag, !variants.contains(where: { $0.tags.contains(tag) }) { return false }
        return true
    }
}
