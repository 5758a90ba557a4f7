// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What is to be said of a key for which something is stored.
package struct CachedEntry: Sendable, Equatable {
    package let key: CacheKey
    package let request: CachedRequest
    /// The newest answer's, as all that follows.
    package let status: Int
    /// Octets of content and fields, of all variants.
    package let size: Int
    package let variants: Int
    package let tags: [String]
    package let storedAt: Moment
    package let freshUntil: Moment
    package let retainedUntil: Moment
    package var isInMemory: Bool
    package var isArchived: Bool

    package init(
        key: CacheKey,
        request: CachedRequest,
        status: Int,
        size: Int,
        variants: Int,
        tags: [String],
        storedAt: Moment,
        freshUntil: Moment,
        retainedUntil: Moment,
        isInMemory: Bool,
        isArchived: Bool
    ) {
        self.key = key
        self.request = request
        self.status = status
        self.size = size
        self.variants = variants
        self.tags = tags
        self.storedAt = storedAt
        self.freshUntil = freshUntil
        self.retainedUntil = retainedUntil
        self.isInMemory = isInMemory
        self.isArchived = isArchived
    }

    /// - Parameter variants: At least one.
    init?(_ key: CacheKey, _ request: CachedRequest, _ variants: Variants) {
        guard let newest = variants.first else { return nil }
        self.init(
            key: key,
            request: request,
            status: newest.status,
            size: variants.reduce(0) { $0 + $1.size },
            variants: variants.count,
            tags: newest.tags,
            storedAt: newest.storedAt,
            freshUntil: newest.freshUntil,
            retainedUntil: newest.retainedUntil,
            isInMemory: true,
            isArchived: false
        )
    }
}
