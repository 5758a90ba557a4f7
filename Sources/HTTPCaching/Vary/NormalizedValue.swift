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
        // RFC 9110, 12.5.2 and 12.5.3: names are compared without case, and their order means nothing.
        case "accept-encoding", "accept-charset":
            members = members.map { Self.withoutSpace($0.lowercased()) }.sorted()
        // RFC 9110, 12.5.4: neither, except that some take an order for a preference where weights are equal.
        case "accept-language":
            members = Self.byWeight(members.map { Self.withoutSpace($0.lowercased()) })
        // RFC 9110, 12.5.1: values of parameters may have case.
        case "accept":
            members = members.map { Self.withoutSpace($0) }.sorted()
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

    /// The most wanted first; a sort that keeps the order of equals.
    private static func byWeight(_ members: [String]) -> [String] {
        members.enumerated().map { (weight: Self.weight($0.element), position: $0.offset, member: $0.element) }
            .sorted { ($1.weight, $0.position) < ($0.weight, $1.position) }
            .map { $0.member.replacingWeight }
    }

    private static func weight(_ member: String) -> Double {
        guard let parameter = member.split(separator: ";").first(where: { $0.hasPrefix("q=") }) else { return 1 }
        return Double(parameter.dropFirst(2)) ?? 0
    }
}

extension String {
    /// A weight of one is the same as none.
    fileprivate var replacingWeight: String {
        for spelling in [";q=1", ";q=1.0", ";q=1.00", ";q=1.000"] where self.hasSuffix(spelling) {
            return String(self.dropLast(spelling.count))
        }
        return self
    }
}
