// SPDX-License-Identifier: Apache-2.0

import Crypto
import HTTPMessage

/// Hashes a request piece by piece, each with what it is and how long it is before it, so that no two different
/// sequences of pieces are the same octets.
struct KeyHasher {
    /// What a piece is. A stored key outlives the process: no number may come to mean something else.
    enum Piece: UInt8 {
        case upstream = 1
        case method = 2
        case path = 3
        case parameter = 4
        case field = 5
        case fieldValue = 6
        case credentialField = 7
        case credentialParameter = 8
        case rawContent = 16
        case contentType = 17
        case contentEncoding = 18
        case contentLanguage = 19
        case form = 32
        case partHead = 33
        case partContent = 34
        case json = 48
        case null = 49
        case `true` = 50
        case `false` = 51
        case number = 52
        case string = 53
        case array = 54
        case object = 55
        case name = 56
    }

    private var hash = SHA256()
    /// Small pieces wait here, so that a request without content is hashed in one go.
    private var pending: [UInt8] = []

    init() { self.pending.reserveCapacity(512) }

    /// A piece that is nothing but a number: how many others belong to it, or how many octets follow.
    mutating func add(_ piece: Piece, count: Int) {
        self.flush(ifBeyond: 4096)
        self.pending.append(piece.rawValue)
        withUnsafeBytes(of: UInt64(count).bigEndian) { self.pending.append(contentsOf: $0) }
    }

    mutating func add(_ piece: Piece, _ text: String) {
        var text = text
        text.withUTF8 { self.add(piece, UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ piece: Piece, _ bytes: UnsafeRawBufferPointer) {
        self.add(piece, count: bytes.count)
        if bytes.count <= 1024 {
            self.pending.append(contentsOf: bytes)
        } else {
            self.flush(ifBeyond: 0)
            self.hash.update(bufferPointer: bytes)
        }
    }

    /// All values of a field, in order.
    mutating func add(_ piece: Piece, of name: String, in fields: HeaderFields) {
        fields.forEachValue(of: name) { self.add(piece, $0) }
    }

    /// Nothing can be added after it.
    mutating func key() -> CacheKey {
        self.flush(ifBeyond: 0)
        return self.hash.finalize().withUnsafeBytes { CacheKey(digest: $0) }
    }

    private mutating func flush(ifBeyond limit: Int) {
        guard self.pending.count > limit else { return }
        self.pending.withUnsafeBytes { self.hash.update(bufferPointer: $0) }
        self.pending.removeAll(keepingCapacity: true)
    }
}
