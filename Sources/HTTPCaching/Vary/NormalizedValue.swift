// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// The values of a request field in one spelling for all that mean the same: lines joined, white space about commas
/// gone, and where the field's definition says so, letters in lower case and members in one order (RFC 9111, 4.1).
struct NormalizedValue: Equatable {
    private let members: [String]

    /// - Parameter values: Lines with a line break behind each.
    init(_ values: [UInt8], of name: String) {
        var members = Self.members(values)
        switch name.lowercased() {
        // RFC 9110, 12.5.2 to 12.5.4: names are compared without case, and their order means nothing.
        case "accept-encoding", "accept-charset", "accept-language":
            members = members.map { Self.withoutSpace($0.lowercased()).withoutFullWeight }.sorted()
        // RFC 9110, 12.5.1: values of parameters may have case.
        case "accept":
            members = members.map { Self.withoutSpace($0).withoutFullWeight }.sorted()
        default:
            break
        }
        self.members = members
    }

    /// Commas within quotes separate nothing.
    private static func members(_ values: [UInt8]) -> [String] {
        var isQuoted = false
        var isEscaped = false
        return values.split { byte in
            defer { isEscaped = isQuoted && byte == 0x5C && !isEscaped }
            if byte == 0x0A { isQuoted = false }
            if byte == 0x22, !isEscaped { isQuoted.toggle() }
            return byte == 0x0A || byte == 0x2C && !isQuoted
        }.map { String(String(decoding: $0, as: UTF8.self)[...].trimmingOptionalWhitespace()) }.filter { !$0.isEmpty }
    }

    private static func withoutSpace(_ member: String) -> String {
        guard member.utf8.contains(where: { $0 == 0x20 || $0 == 0x09 }) else { return member }
        return String(decoding: member.utf8.filter { $0 != 0x20 && $0 != 0x09 }, as: UTF8.self)
    }
}

extension String {
    /// A weight of one is the same as none.
    fileprivate var withoutFullWeight: String {
        for spelling in [";q=1", ";q=1.0", ";q=1.00", ";q=1.000"] where self.hasSuffix(spelling) {
            return String(self.dropLast(spelling.count))
        }
        return self
    }
}
