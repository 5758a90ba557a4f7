// SPDX-License-Identifier: Apache-2.0

/// The few words of DER (X.690) that a certificate of ours is written in.
enum DER {
    static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        var length: [UInt8] = []
        var rest = count
        while rest > 0 {
            length.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + content
    }

    static func sequence(_ parts: [UInt8]...) -> [UInt8] { Self.node(0x30, Array(parts.joined())) }
    static func sequence(of parts: [[UInt8]]) -> [UInt8] { Self.node(0x30, Array(parts.joined())) }
    static func octets(_ content: [UInt8]) -> [UInt8] { Self.node(0x04, content) }
    static func bits(_ content: [UInt8], unused: UInt8 = 0) -> [UInt8] { Self.node(0x03, [unused] + content) }
    static func text(_ text: String) -> [UInt8] { Self.node(0x0C, Array(text.utf8)) }

    /// A positive number, from the octets of its absolute value.
    static func integer(_ octets: [UInt8]) -> [UInt8] {
        let significant = Array(octets.drop { $0 == 0 })
        let isNegative = (significant.first ?? 0) >= 0x80
        return Self.node(0x02, (isNegative || significant.isEmpty ? [0] : []) + significant)
    }

    /// - Parameter content: What the octets of the extension hold.
    static func `extension`(_ identifier: [UInt8], isCritical: Bool = false, _ content: [UInt8]) -> [UInt8] {
        Self.sequence(identifier, isCritical ? Self.node(0x01, [0xFF]) : [], Self.octets(content))
    }
}

/// One value of a certificate that is read, with its own parts if it has any.
struct DERNode {
    let tag: UInt8
    let content: ArraySlice<UInt8>
    /// With tag and length.
    let encoded: ArraySlice<UInt8>

    /// All that follow each other; nil if the octets are not DER.
    static func all(in octets: ArraySlice<UInt8>) -> [DERNode]? {
        var nodes: [DERNode] = []
        var rest = octets
        while let tag = rest.first {
            guard let length = Self.length(in: rest.dropFirst()) else { return nil }
            let start = rest.startIndex + 1 + length.octets
            guard length.value <= rest.endIndex - start else { return nil }
            let end = start + length.value
            nodes.append(DERNode(tag: tag, content: rest[start..<end], encoded: rest[rest.startIndex..<end]))
            rest = rest[end...]
        }
        return nodes
    }

    var parts: [DERNode] { Self.all(in: self.content) ?? [] }

    private static func length(in octets: ArraySlice<UInt8>) -> (value: Int, octets: Int)? {
        guard let first = octets.first else { return nil }
        if first < 0x80 { return (Int(first), 1) }
        let count = Int(first & 0x7F)
        guard 1...4 ~= count, octets.count > count else { return nil }
        return (octets.dropFirst().prefix(count).reduce(0) { $0 << 8 | Int($1) }, count + 1)
    }
}
