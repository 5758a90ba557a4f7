// SPDX-License-Identifier: Apache-2.0

/// Fields whose values are lists (RFC 9110, 5.6.1): members between commas, on one line or several, trimmed, and empty ones
/// left out.
extension HeaderFields {
    /// Lends the octets of all members of this name, in order.
    package func forEachMember(of name: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        self.forEachValue(of: name) { value in
            var rest = value[...]
            while !rest.isEmpty {
                // By octets: a comma and a combining mark after it are one character, but the comma still separates.
                let end = rest.firstIndex(of: 0x2C) ?? rest.endIndex
                let member = UnsafeRawBufferPointer(rebasing: rest[..<end]).trimmed
                if !member.isEmpty { body(member) }
                rest = rest[end...].dropFirst()
            }
        }
    }

    package func list(_ name: String) -> [Substring] {
        var members: [Substring] = []
        self.forEachMember(of: name) { members.append(Substring(decoding: $0, as: UTF8.self)) }
        return members
    }

    /// Whether one of the members is this, without regard to case.
    package func list(_ name: String, contains token: String) -> Bool {
        var isThere = false
        self.forEachMember(of: name) { isThere = isThere || $0.equalsIgnoringCase(token) }
        return isThere
    }
}

extension UnsafeRawBufferPointer {
    /// Without spaces and tabs around it (RFC 9110, 5.6.3).
    package var trimmed: UnsafeRawBufferPointer {
        guard let start = self.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }),
            let end = self.lastIndex(where: { $0 != 0x20 && $0 != 0x09 })
        else { return UnsafeRawBufferPointer(rebasing: self[0..<0]) }
        return UnsafeRawBufferPointer(rebasing: self[start...end])
    }
}
