// SPDX-License-Identifier: Apache-2.0

/// A variant as octets within those of an answer, for as long as that is in memory.
extension Variant {
    /// Its length first; nothing at all where it varies by nothing.
    var packed: [UInt8] {
        guard !self.fields.isEmpty else { return [] }
        var pieces: [UInt8] = []
        for field in self.fields {
            pieces.append(piece: field.name.utf8)
            pieces.append(piece: field.values)
        }
        var packed: [UInt8] = []
        packed.append(piece: pieces)
        return packed
    }

    /// The length of what begins here, with its own four octets.
    static func packedLength(_ octets: Slice<UnsafeRawBufferPointer>) -> Int {
        var octets = octets
        return 4 + (octets.readPiece()?.count ?? 0)
    }

    init(packed octets: Slice<UnsafeRawBufferPointer>, isUnique: Bool) {
        var octets = octets
        var fields: [Field] = []
        if var pieces = octets.readPiece() {
            while let name = pieces.readPiece(), let values = pieces.readPiece() {
                fields.append(Field(name: String(decoding: name, as: UTF8.self), values: Array(values)))
            }
        }
        self.init(fields, isUnique: isUnique)
    }
}

extension [UInt8] {
    fileprivate mutating func append(piece: some Collection<UInt8>) {
        let length = UInt32(clamping: piece.count)
        for shift in [24, 16, 8, 0] as [UInt32] { self.append(UInt8(truncatingIfNeeded: length >> shift)) }
        self.append(contentsOf: piece)
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate mutating func readPiece() -> Slice<UnsafeRawBufferPointer>? {
        guard self.count >= 4 else { return nil }
        let length = self.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        guard self.count >= 4 + length else { return nil }
        let start = self.startIndex + 4
        defer { self = self[(start + length)...] }
        return self[start..<start + length]
    }
}
