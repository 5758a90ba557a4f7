// SPDX-License-Identifier: Apache-2.0

import Crypto
import HTTPCaching
import HTTPMessage
import NIOCore

/// One entry as octets, with a checksum over all of them behind: what is not exactly what was written is nothing.
///
/// Numbers are big-endian; texts and lists have their length before them. Times are those of the calendar, in
/// milliseconds since 1970, since the monotonic clock means nothing to another process.
struct EntryRecord {
    /// Goes up when the layout changes; a record of another is as good as none.
    static let version: UInt8 = 1
    private static let checksumSize = SHA256.byteCount

    // Flags.
    private static let alwaysValidated: UInt8 = 1
    private static let neverStale: UInt8 = 2
    private static let uniqueVariant: UInt8 = 4
    private static let immutable: UInt8 = 8

    let key: CacheKey
    let request: CachedRequest
    let response: StoredResponse

    // MARK: Writing

    func encoded(by clock: WallClock) -> ByteBuffer {
        let response = self.response
        var buffer = ByteBuffer()
        buffer.reserveCapacity(response.content.readableBytes + response.fields.wireLength + 512)
        buffer.writeInteger(Self.version)
        buffer.writeBytes(self.key.digest)
        for text in [self.request.upstream, self.request.method.rawValue, self.request.target, response.reason] {
            buffer.write(text)
        }
        buffer.writeInteger(UInt16(clamping: response.status))
        buffer.writeInteger(clock.sinceEpoch(response.storedAt).milliseconds)
        buffer.writeInteger(clock.sinceEpoch(response.retainedUntil).milliseconds)
        buffer.writeInteger(Int64(response.initialAge))
        let reuse = response.reuse
        buffer.writeInteger(reuse.lifetime.milliseconds)
        buffer.writeInteger(reuse.staleWhileRevalidate.milliseconds)
        buffer.writeInteger(reuse.staleIfError?.milliseconds ?? -1)
        buffer.writeInteger(
            (reuse.isAlwaysValidated ? Self.alwaysValidated : 0) | (reuse.isNeverStale ? Self.neverStale : 0)
                | (response.variant.isUnique ? Self.uniqueVariant : 0) | (reuse.isImmutable ? Self.immutable : 0)
        )
        buffer.write(response.variant)
        buffer.writeInteger(UInt32(clamping: response.fields.count))
        response.fields.forEachOctets {
            buffer.write($0)
            buffer.write($1)
        }
        response.content.withUnsafeReadableBytes { buffer.write($0) }
        let checksum = buffer.withUnsafeReadableBytes { SHA256.hash(data: $0) }
        buffer.writeBytes(checksum)
        return buffer
    }
}

extension EntryRecord {
    /// - Parameter octets: As they were found; nil is what is not whole, or of another version.
    init?(_ octets: UnsafeRawBufferPointer, clock: WallClock) {
        guard octets.count > Self.checksumSize else { return nil }
        let body = UnsafeRawBufferPointer(rebasing: octets.dropLast(Self.checksumSize))
        guard SHA256.hash(data: body).elementsEqual(octets.suffix(Self.checksumSize)) else { return nil }
        var buffer = ByteBuffer(bytes: body)
        guard buffer.readInteger(as: UInt8.self) == Self.version,
            let key = buffer.readBytes(length: 32).flatMap({ CacheKey($0) }),
            let upstream = buffer.readText(), let method = buffer.readText(), let target = buffer.readText(),
            let reason = buffer.readText(),
            let status = buffer.readInteger(as: UInt16.self), 200...599 ~= status,
            let (stored, retained, age) = buffer.readMultipleIntegers(as: (Int64, Int64, Int64).self),
            let (lifetime, revalidate, ifError) = buffer.readMultipleIntegers(as: (Int64, Int64, Int64).self),
            let flags = buffer.readInteger(as: UInt8.self),
            let variant = buffer.readVariant(isUnique: flags & Self.uniqueVariant != 0),
            let fields = buffer.readFields(),
            let content = buffer.readPiece()
        else { return nil }
        self.key = key
        self.request = CachedRequest(upstream: upstream, method: HTTPMethod(rawValue: method), target: target)
        self.response = StoredResponse(
            ResponseHead(Int(status), reason: reason, fields: fields),
            content: content,
            variant: variant,
            reuse: Reuse(
                lifetime: .milliseconds(lifetime),
                isAlwaysValidated: flags & Self.alwaysValidated != 0,
                isNeverStale: flags & Self.neverStale != 0,
                isImmutable: flags & Self.immutable != 0,
                staleWhileRevalidate: .milliseconds(revalidate),
                staleIfError: ifError < 0 ? nil : .milliseconds(ifError)
            ),
            // A calendar that was set back makes nothing younger than new.
            storedAt: min(clock.moment(sinceEpoch: stored), clock.moment),
            initialAge: Int(clamping: min(max(age, 0), 1 << 31)),
            retainedUntil: clock.moment(sinceEpoch: retained)
        )
    }
}

extension Variant {
    /// The same for the same variant, in every process.
    var number: Int64 {
        var buffer = ByteBuffer()
        buffer.write(self)
        buffer.writeInteger(UInt8(self.isUnique ? 1 : 0))
        let digest = buffer.withUnsafeReadableBytes { SHA256.hash(data: $0) }
        return digest.withUnsafeBytes { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
    }
}

extension ByteBuffer {
    fileprivate mutating func write(_ piece: UnsafeRawBufferPointer) {
        self.writeInteger(UInt32(clamping: piece.count))
        self.writeBytes(piece)
    }

    fileprivate mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { self.write(UnsafeRawBufferPointer($0)) }
    }

    fileprivate mutating func write(_ variant: Variant) {
        self.writeInteger(UInt32(clamping: variant.fields.count))
        for field in variant.fields {
            self.write(field.name)
            field.values.withUnsafeBytes { self.write($0) }
        }
    }

    fileprivate mutating func readPiece() -> ByteBuffer? { self.readLengthPrefixedSlice(as: UInt32.self) }

    fileprivate mutating func readText() -> String? { self.readPiece().map { String(buffer: $0) } }

    fileprivate mutating func readVariant(isUnique: Bool) -> Variant? {
        guard let count = self.readInteger(as: UInt32.self) else { return nil }
        var fields: [Variant.Field] = []
        for _ in 0..<count {
            guard let name = self.readText(), let values = self.readPiece() else { return nil }
            fields.append(Variant.Field(name: name, values: Array(values.readableBytesView)))
        }
        return Variant(fields, isUnique: isUnique)
    }

    fileprivate mutating func readFields() -> HeaderFields? {
        guard let count = self.readInteger(as: UInt32.self) else { return nil }
        var fields = HeaderFields()
        for _ in 0..<count {
            guard let name = self.readPiece(), let value = self.readPiece() else { return nil }
            name.withUnsafeReadableBytes { name in
                value.withUnsafeReadableBytes { fields.add(name: name, value: $0) }
            }
        }
        return fields
    }
}
