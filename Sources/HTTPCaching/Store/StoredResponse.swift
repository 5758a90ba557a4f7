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
    }

    /// An answer for as long as the policy says, whatever its own fields say.
    ///
    /// - Parameters:
    ///   - head: With end-to-end fields only.
    ///   - request: The fields of the request that it answers, for `Vary`.
    package convenience init(
        _ head: ResponseHead,
        content: ByteBuffer,
        to request: HeaderFields,
        policy: CachePolicy,
        now: ContinuousClock.Instant
    ) {
        var head = head
        let initialAge = Self.age(head.fields["age"])
        head.fields.remove("age")
        self.init(
            head,
            content: content,
            variant: Variant(head.fields, to: request, keyedBy: policy.headers),
            reuse: Reuse(lifetime: policy.ttl + .seconds(initialAge)),
            storedAt: now,
            initialAge: initialAge,
            retainedUntil: now + policy.ttl
        )
    }

    /// The value for `Age`, in seconds.
    package func age(at now: ContinuousClock.Instant) -> Int {
        self.initialAge + max(0, Int((now - self.storedAt).components.seconds))
    }

    /// Seconds for which it is still fresh.
    package func timeToLive(at now: ContinuousClock.Instant) -> Int {
        max(0, Int((self.freshUntil - now).components.seconds))
    }

    package func isFresh(at now: ContinuousClock.Instant) -> Bool { now < self.freshUntil }

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

    /// RFC 9111, 5.1: what is no number is no age, and a larger number than fits is the largest (1.2.2).
    private static func age(_ value: String?) -> Int {
        guard let value, !value.isEmpty, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return 0 }
        return min(Int(value) ?? .max, 1 << 31)
    }
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
