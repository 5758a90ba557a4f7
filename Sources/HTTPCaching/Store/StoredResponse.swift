// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// An answer that is kept, with all that a hit has to know of it: read once, when it is stored.
///
/// There may be millions, so that it is one object and one block of memory: the content, which hits share, and behind it
/// the head, which hits copy anyway to add to it.
package final class StoredResponse: Sendable {
    /// What is larger has a block of its own: copying it takes longer than the memory is worth.
    private static let maxShared = 64 << 10

    package let content: ByteBuffer
    /// The reason, the target, what it varies by, and the fields.
    private let head: ByteBuffer
    /// When it came, or was last found to be still good.
    package let storedAt: Moment
    /// From then on it is stale.
    package let freshUntil: Moment
    /// Seconds past freshness.
    private let retention: UInt32
    private let age: UInt32
    private let revalidateSeconds: UInt32
    private let errorSeconds: UInt32
    private let targetLength: UInt16
    private let fieldCount: UInt16
    private let code: UInt16
    private let reasonLength: UInt8
    private let flags: Flags

    private struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let alwaysValidated = Flags(rawValue: 1)
        static let neverStale = Flags(rawValue: 2)
        static let immutable = Flags(rawValue: 4)
        static let uniqueVariant = Flags(rawValue: 8)
        static let staleIfError = Flags(rawValue: 16)
        static let variant = Flags(rawValue: 32)
    }

    /// - Parameters:
    ///   - head: With end-to-end fields only, and without `Age`.
    ///   - initialAge: In seconds, from 0 to 2^31.
    ///   - target: What it answers, as people are shown it.
    package init(
        _ head: ResponseHead,
        content: ByteBuffer,
        variant: Variant,
        reuse: Reuse,
        storedAt: Moment,
        initialAge: Int,
        retainedUntil: Moment,
        target: String = ""
    ) {
        self.code = UInt16(clamping: head.status)
        let reason = head.reason.utf8.count <= UInt8.max ? head.reason : ""
        let target = target.utf8.count <= UInt16.max ? target : ""
        self.reasonLength = UInt8(reason.utf8.count)
        self.targetLength = UInt16(target.utf8.count)
        self.fieldCount = UInt16(clamping: head.fields.count)
        let shared = content.readableBytes <= Self.maxShared ? content : ByteBuffer()
        let packedVariant = variant.packed
        let textLength = reason.utf8.count + target.utf8.count + packedVariant.count
        var block = ByteBuffer(exactly: shared.readableBytes + textLength + head.fields.packedLength)
        block.writeImmutableBuffer(shared)
        block.writeString(reason)
        block.writeString(target)
        block.writeBytes(packedVariant)
        head.fields.pack(into: &block)
        self.content =
            shared.readableBytes == content.readableBytes
            ? block.readSlice(length: shared.readableBytes) ?? shared : content.compacted
        self.head = block
        let freshUntil = storedAt + reuse.lifetime - .seconds(initialAge)
        self.storedAt = storedAt
        self.freshUntil = freshUntil
        let retention = (retainedUntil - freshUntil).components
        self.retention = UInt32(clamping: retention.seconds + (retention.attoseconds > 0 ? 1 : 0))
        self.age = UInt32(clamping: initialAge)
        self.revalidateSeconds = UInt32(clamping: reuse.staleWhileRevalidate.components.seconds)
        self.errorSeconds = UInt32(clamping: reuse.staleIfError?.components.seconds ?? 0)
        var flags: Flags = []
        if reuse.isAlwaysValidated { flags.insert(.alwaysValidated) }
        if reuse.isNeverStale { flags.insert(.neverStale) }
        if reuse.isImmutable { flags.insert(.immutable) }
        if reuse.staleIfError != nil { flags.insert(.staleIfError) }
        if variant.isUnique { flags.insert(.uniqueVariant) }
        if !packedVariant.isEmpty { flags.insert(.variant) }
        self.flags = flags
    }

    /// The same, as the answer to what people are shown as this target.
    func labelled(_ target: String) -> StoredResponse {
        guard target != self.target else { return self }
        return StoredResponse(
            ResponseHead(self.status, reason: self.reason, fields: self.fields),
            content: self.content,
            variant: self.variant,
            reuse: self.reuse,
            storedAt: self.storedAt,
            initialAge: self.initialAge,
            retainedUntil: self.retainedUntil,
            target: target
        )
    }

    // MARK: What it is

    package var status: Int { Int(self.code) }

    package var reason: String {
        self.head.getString(at: self.head.readerIndex, length: Int(self.reasonLength)) ?? ""
    }

    var target: String {
        self.head.getString(at: self.head.readerIndex + Int(self.reasonLength), length: Int(self.targetLength)) ?? ""
    }

    /// Where what it varies by begins in the head.
    private var variantStart: Int { Int(self.reasonLength) + Int(self.targetLength) }

    /// Where the fields begin there.
    private var fieldsStart: Int {
        guard self.flags.contains(.variant) else { return self.variantStart }
        return self.variantStart + self.head.withUnsafeReadableBytes { Variant.packedLength($0[self.variantStart...]) }
    }

    /// Without `Age`, which `age(at:)` tells. A copy with each call.
    package var fields: HeaderFields { self.fields(reservingBytes: 0, fields: 0) }

    /// The same with room for more.
    package func fields(reservingBytes bytes: Int, fields: Int) -> HeaderFields {
        self.head.withUnsafeReadableBytes { head in
            let packed = head.dropFirst(self.fieldsStart)
            return HeaderFields(
                unpacking: UnsafeRawBufferPointer(rebasing: packed),
                count: Int(self.fieldCount),
                reservingBytes: bytes,
                fields: fields
            )
        }
    }

    package var variant: Variant {
        let isUnique = self.flags.contains(.uniqueVariant)
        guard self.flags.contains(.variant) else { return Variant([], isUnique: isUnique) }
        return self.head.withUnsafeReadableBytes { Variant(packed: $0[self.variantStart...], isUnique: isUnique) }
    }

    /// From then on it is of no use to anybody, and the store lets it go.
    package var retainedUntil: Moment { self.freshUntil.advanced(bySeconds: self.retention) }
    /// Seconds that it had existed when it came (RFC 9111, 4.2.3).
    package var initialAge: Int { Int(self.age) }

    /// For how long, and how, it may be used.
    package var reuse: Reuse {
        Reuse(
            lifetime: self.freshUntil - self.storedAt + .seconds(self.initialAge),
            isAlwaysValidated: self.flags.contains(.alwaysValidated),
            isNeverStale: self.flags.contains(.neverStale),
            isImmutable: self.flags.contains(.immutable),
            staleWhileRevalidate: .seconds(Int(self.revalidateSeconds)),
            staleIfError: self.flags.contains(.staleIfError) ? .seconds(Int(self.errorSeconds)) : nil
        )
    }

    /// The octets of `ETag`, which need not be a good one.
    package var entityTag: [UInt8]? { self.fields.octets(of: "etag") }

    /// What `Last-Modified`, or else `Date`, says; in seconds since 1970.
    package var lastModified: Int64? {
        let fields = self.fields
        return (fields["last-modified"] ?? fields["date"]).flatMap { Self.seconds($0) }
    }

    /// Whether there may be others for the same address.
    var varies: Bool { self.flags.contains(.variant) && !self.variant.selecting.fields.isEmpty }

    /// When its origin made it, in seconds since 1970; 0 where that cannot be read.
    var date: Int64 { self.fields["date"].flatMap { Self.seconds($0) } ?? 0 }

    /// The present is of use for years of two digits only.
    private static func seconds(_ date: String) -> Int64? { HTTPDate.seconds(parsing: date, now: 1_767_225_600) }

    // MARK: What time makes of it

    /// The value for `Age`, in seconds.
    package func age(at now: Moment) -> Int {
        self.initialAge + max(0, Int((now - self.storedAt).components.seconds))
    }

    /// Seconds for which it is still fresh; below zero, for which it has been stale.
    package func timeToLive(at now: Moment) -> Int {
        Int((self.freshUntil - now).components.seconds)
    }

    /// The instants, this one first, at which age and time to live are what they are now. Empty where that is over at once.
    package func sameSeconds(at now: Moment) -> Range<Moment> {
        let older = self.storedAt.advanced(by: .seconds(self.age(at: now) - self.initialAge + 1))
        let shorter = self.freshUntil.advanced(by: .seconds(-self.timeToLive(at: now)))
        return now..<max(now, min(older, shorter))
    }

    package func isFresh(at now: Moment) -> Bool { now < self.freshUntil }

    /// How it may be used for a request with such directives.
    package func verdict(at now: Moment, _ request: CacheControl) -> Reuse.Verdict {
        self.reuse.verdict(age: self.exactAge(at: now), request: request)
    }

    /// How it may be used for one that says nothing.
    package func verdict(at now: Moment) -> Reuse.Verdict {
        if now < self.freshUntil, !self.flags.contains(.alwaysValidated) { return .fresh }
        return self.reuse.verdict(age: self.exactAge(at: now))
    }

    /// Whether it may stand in for an error, by the operator's allowance or its own.
    package func mayReplaceError(at now: Moment, allowance: Duration) -> Bool {
        self.reuse.mayReplaceError(age: self.exactAge(at: now), allowance: allowance)
    }

    private func exactAge(at now: Moment) -> Duration {
        .seconds(self.initialAge) + max(.zero, now - self.storedAt)
    }

    /// Whether it answers a request with these fields too: all that `Vary` names are the same. The key is the same
    /// already.
    package func matches(_ request: HeaderFields) -> Bool {
        self.flags.contains(.variant) ? self.variant.matches(request) : !self.flags.contains(.uniqueVariant)
    }

    // MARK: What it takes

    /// The octets of content and fields.
    package var size: Int { self.content.readableBytes + self.fieldOctets }

    private var fieldOctets: Int {
        self.head.readableBytes - self.fieldsStart - HeaderFields.packedOverhead(count: Int(self.fieldCount))
    }

    /// The memory that it takes, in octets.
    var footprint: Int {
        var octets =
            Self.objectSize + Self.bufferSize + HeapBlock.size(self.head.storageCapacity)
        if self.content.readableBytes > Self.maxShared {
            let capacity = self.content.storageCapacity
            // Of the pages of a large buffer only what is written is really there.
            let block = capacity < 128 << 10 ? capacity : min(capacity, self.content.readableBytes)
            octets += Self.bufferSize + HeapBlock.size(block)
        }
        return octets
    }

    /// The object itself, by the size of what it declares.
    private static let objectSize = HeapBlock.size(
        16 + 2 * MemoryLayout<ByteBuffer>.stride + 2 * MemoryLayout<Moment>.stride + 4 * 4 + 3 * 2 + 2
    )
    /// What NIO has around a block.
    private static let bufferSize = HeapBlock.size(64)
}

extension ByteBuffer {
    /// The same octets without a larger buffer around them, which a slice would keep alive.
    fileprivate var compacted: ByteBuffer {
        guard self.storageCapacity > self.readableBytes.nextPowerOf2 else { return self }
        var copy = ByteBuffer(exactly: self.readableBytes)
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
