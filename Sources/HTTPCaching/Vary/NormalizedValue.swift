// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// The values of a request field in one spelling for all that mean the same: lines of lists joined, white space about
/// their commas gone, and where the field's definition says so, letters in lower case and members in one order (RFC 9111,
/// 4.1).
///
/// By octets: values need not be text, and text that looks the same need not be the same.
struct NormalizedValue: Equatable {
    private typealias Member = ArraySlice<UInt8>

    private let members: [Member]

    /// Fields that are defined, and not as lists: a comma in them is content (RFC 9110, 5.6.1; RFC 6265, 4.2.1). What is
    /// not defined here may have been put together by anybody who combines lines (RFC 9110, 5.3).
    private static let singletons: Set<String> = [
        "authorization", "content-location", "content-type", "cookie", "date", "from", "host", "if-modified-since",
        "if-range", "if-unmodified-since", "origin", "proxy-authorization", "range", "referer", "user-agent",
    ]

    /// - Parameter values: Lines with a line break behind each.
    init(_ values: [UInt8], of name: String) {
        guard !Self.singletons.contains(name.lowercased()) else {
            self.members = [values[...]]
            return
        }
        var members = Self.members(values)
        switch name.lowercased() {
        // RFC 9110, 12.5.2 to 12.5.4: names are compared without case, and their order means nothing.
        case "accept-encoding", "accept-charset", "accept-language":
            members = members.map { Self.withPlainWeight(Self.lowercased($0)) }
                .sorted { $0.lexicographicallyPrecedes($1) }
        // RFC 9110, 8.3.1 and 12.5.1: types are compared without case, but values of parameters may have it.
        case "accept":
            members = members.map { Self.withPlainWeight(Self.lowercased($0, upTo: 0x3B)) }
                .sorted { $0.lexicographicallyPrecedes($1) }
        default:
            break
        }
        self.members = members
    }

    /// Commas within quotes separate nothing.
    private static func members(_ values: [UInt8]) -> [Member] {
        var isQuoted = false
        var isEscaped = false
        return values.split { byte in
            defer { isEscaped = isQuoted && byte == 0x5C && !isEscaped }
            if byte == 0x0A { isQuoted = false }
            if byte == 0x22, !isEscaped { isQuoted.toggle() }
            return byte == 0x0A || byte == 0x2C && !isQuoted
        }.map(Self.trimmed).filter { !$0.isEmpty }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func trimmed(_ member: Member) -> Member {
        let rest = member.drop(while: Self.isSpace)
        return rest.lastIndex { !Self.isSpace($0) }.map { rest[...$0] } ?? []
    }

    /// In lower case as far as the first such octet, and without white space where it may stand or not: about a
    /// semicolon that is not in quotes (RFC 9110, 5.6.6).
    private static func lowercased(_ member: Member, upTo end: UInt8? = nil) -> Member {
        var (octets, space) = (Member(), Member())
        var (isQuoted, isEscaped, isBefore) = (false, false, true)
        for byte in member {
            if Self.isSpace(byte), !isQuoted {
                space.append(byte)
                continue
            }
            if byte != 0x3B, octets.last != 0x3B { octets += space }
            space = []
            if byte == end { isBefore = false }
            octets.append(isBefore ? byte.lowercasedASCII : byte)
            if byte == 0x22, !isEscaped { isQuoted.toggle() }
            isEscaped = isQuoted && byte == 0x5C && !isEscaped
        }
        return octets
    }

    /// A weight of one is the same as none, and zeros at its end mean nothing (RFC 9110, 12.4.2).
    private static func withPlainWeight(_ member: Member) -> Member {
        guard let start = member.lastIndex(of: 0x3B), member[start...].starts(with: ";q=".utf8) else { return member }
        var weight = member[(start + 3)...]
        guard weight.contains(0x2E) || weight.elementsEqual("1".utf8) else { return member }
        while weight.last == 0x30 { weight.removeLast() }
        if weight.last == 0x2E { weight.removeLast() }
        return weight.elementsEqual("1".utf8) ? member[..<start] : member[..<weight.endIndex]
    }
}
