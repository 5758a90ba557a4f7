// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// A validator (RFC 9110, 8.8.3).
///
/// By octets: they need not be text, and tags that look the same need not be the same.
package struct EntityTag: Hashable, Sendable {
    package let isWeak: Bool
    /// With its quotes.
    package let opaque: [UInt8]

    /// Nil for what is no entity tag.
    package init?(_ octets: some Collection<UInt8>) {
        let isWeak = octets.starts(with: "W/".utf8)
        let opaque = Array(octets.dropFirst(isWeak ? 2 : 0))
        guard opaque.count >= 2, opaque.first == 0x22, opaque.last == 0x22 else { return nil }
        guard opaque.dropFirst().dropLast().allSatisfy({ $0 == 0x21 || $0 >= 0x23 && $0 != 0x7F }) else { return nil }
        self.isWeak = isWeak
        self.opaque = opaque
    }

    /// That of a response.
    package init?(of fields: HeaderFields) {
        guard let value = fields.octets(of: "etag") else { return nil }
        self.init(value)
    }

    /// RFC 9110, 8.8.3.2, as `If-None-Match` compares.
    package func weaklyMatches(_ other: EntityTag) -> Bool { self.opaque == other.opaque }

    /// RFC 9110, 8.8.3.2, as ranges compare.
    package func stronglyMatches(_ other: EntityTag) -> Bool {
        !self.isWeak && !other.isWeak && self.opaque == other.opaque
    }

    /// The members of `If-None-Match`, be they tags or not; commas within quotes separate nothing.
    static func members(_ fields: HeaderFields, _ name: String) -> [[UInt8]] {
        var members: [[UInt8]] = []
        fields.forEachValue(of: name) { value in
            var isQuoted = false
            members += value.split {
                if $0 == 0x22 { isQuoted.toggle() }
                return $0 == 0x2C && !isQuoted
            }.map { Array(UnsafeRawBufferPointer(rebasing: $0).trimmed) }
        }
        return members
    }
}
