// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// An answer that is kept, with all that a hit has to know of it: read once, when it is stored.
package final class StoredResponse: Sendable {
    package let status: Int
    package let reason: String
    /// Without `Age`, which `age(at:)` tells.
    package let fields: HeaderFields
    package let content: ByteBuffer
    /// When it came, or was last found to be still good.
    package let storedAt: ContinuousClock.Instant
    /// Seconds that it had existed by then (RFC 9111, 4.2.3).
    package let initialAge: Int
    /// For how long, and how, it may be used.
    package let reuse: Reuse
    package let variant: Variant
    /// From then on it is of no use to anybody, and the store lets it go.
    package let retainedUntil: ContinuousClock.Instant
    /// From then on it is stale.
    package let freshUntil: ContinuousClock.Instant
    /// The value of `ETag`, which need not be a good one.
    package let entityTag: String?
    /// What `Last-Modified`, or else `Date`, says; in seconds since 1970.
    package let lastModified: Int64?

    /// - Parameters:
    ///   - head: With end-to-end fields only, and without `Age`.
    ///   - initialAge: In seconds, from 0 to 2^31.
    package init(
        _ head: ResponseHead,
        content: ByteBuffer,
        variant: Variant,
        reuse: Reuse,
        storedAt: ContinuousClock.Instant,
        initialAge: Int,
        retainedUntil: ContinuousClock.Instant
    ) {
        self.status = head.status
        self.reason = head.reason
        self.fields = head.fields.compacted
        self.content = content.compacted
        self.storedAt = storedAt
        self.initialAge = initialAge
        self.reuse = reuse
        self.variant = variant
        self.retainedUntil = retainedUntil
        self.freshUntil = storedAt + reuse.lifetime - .seconds(initialAge)
        self.entityTag = head.fields["etag"]
        // The present is of use for years of two digits only.
        self.lastModified = (head.fields["last-modified"] ?? head.fields["date"])
            .flatMap { HTTPDate.seconds(parsing: $0, now: 1_767_225_600) }
    }

    /// The value for `Age`, in seconds.
    package func age(at now: ContinuousClock.Instant) -> Int {
        self.initialAge + max(0, Int((now - self.storedAt).components.seconds))
    }

    /// Seconds for which it is still fresh; below zero, for which it has been stale.
    package func timeToLive(at now: ContinuousClock.Instant) -> Int {
        Int((self.freshUntil - now).components.seconds)
    }

    package func isFresh(at now: ContinuousClock.Instant) -> Bool { now < self.freshUntil }

    /// How it may be used for a request with such directives.
    package func verdict(at now: ContinuousClock.Instant, _ request: CacheControl?) -> Reuse.Verdict {
        if request == nil, now < self.freshUntil, !self.reuse.isAlwaysValidated { return .fresh }
        return self.reuse.verdict(age: self.exactAge(at: now), request: request)
    }

    /// Whether it may stand in for an error, by the operator's allowance or its own.
    package func mayReplaceError(at now: ContinuousClock.Instant, allowance: Duration) -> Bool {
        self.reuse.mayReplaceError(age: self.exactAge(at: now), allowance: allowance)
    }

    private func exactAge(at now: ContinuousClock.Instant) -> Duration {
        .seconds(self.initialAge) + max(.zero, now - self.storedAt)
    }

    /// Whether it answers a request with these fields too: all that `Vary` names are the same. The key is the same
    /// already.
    package func matches(_ request: HeaderFields) -> Bool { self.variant.matches(request) }

    /// The memory that it takes, in octets.
    var footprint: Int {
        let content = self.content.storageCapacity
        // Of the pages of a large buffer only what is written is really there.
        let block = content < 128 << 10 ? content : min(content, self.content.readableBytes)
        let reason = self.reason.utf8.count
        return Self.objectSize + (reason > 15 ? HeapBlock.size(32 + reason) : 0)
            + self.fields.blockSizes.reduce(0) { $0 + HeapBlock.size($1) }
            + (content == 0 ? 0 : HeapBlock.size(64) + HeapBlock.size(block))
            + self.variant.footprint
    }

    /// The object itself, by the size of what it declares.
    private static let objectSize = HeapBlock.size(
        16 + MemoryLayout<(Int, String, HeaderFields, ByteBuffer, ContinuousClock.Instant, Int)>.stride
            + MemoryLayout<(Reuse, Variant, ContinuousClock.Instant, ContinuousClock.Instant)>.stride
    )
}

extension ByteBuffer {
    /// The same octets without a larger buffer around them, which a slice would keep alive.
    fileprivate var compacted: ByteBuffer {
        guard self.storageCapacity > self.readableBytes.nextPowerOf2 else { return self }
        var copy = ByteBuffer()
        copy.reserveCapacity(self.readableBytes)
        copy.writeImmutableBuffer(self)
        return copy
    }
}

extension Int {
    /// What a buffer allocates for so many octets.
    fileprivate var nextPowerOf2: Int {
        self <= 1 ? self : 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount)
    }
}
