// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// A validator (RFC 9110, 8.8.3).
package struct EntityTag: Hashable, Sendable {
    package let isWeak: Bool
    /// With its quotes.
    package let opaque: String

    /// Nil for what is no entity tag.
    package init?(_ text: String) {
        let isWeak = text.hasPrefix("W/")
        let opaque = isWeak ? text.dropFirst(2) : text[...]
        guard opaque.utf8.count >= 2, opaque.utf8.first == 0x22, opaque.utf8.last == 0x22 else { return nil }
        guard opaque.utf8.dropFirst().dropLast().allSatisfy({ $0 == 0x21 || $0 >= 0x23 && $0 != 0x7F }) else {
            return nil
        }
        self.isWeak = isWeak
        self.opaque = String(opaque)
    }

    /// RFC 9110, 8.8.3.2, as `If-None-Match` compares.
    package func weaklyMatches(_ other: EntityTag) -> Bool { self.opaque == other.opaque }

    /// RFC 9110, 8.8.3.2, as ranges compare.
    package func stronglyMatches(_ other: EntityTag) -> Bool {
        !self.isWeak && !other.isWeak && self.opaque == other.opaque
    }

    /// The members of `If-None-Match`, be they tags or not; commas within quotes separate nothing.
    static func members(_ fields: HeaderFields, _ name: String) -> [String] {
        fields.values(of: name).flatMap { value -> [String] in
            var isQuoted = false
            return value[...].utf8.split {
                if $0 == 0x22 { isQuoted.toggle() }
                return $0 == 0x2C && !isQuoted
            }.map { String(Substring($0).trimmingOptionalWhitespace()) }
        }
    }
}
