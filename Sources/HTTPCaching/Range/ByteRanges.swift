// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What `Range` asks of a stored content (RFC 9110, 14.1.2 and 14.2).
package enum ByteRanges: Hashable, Sendable {
    /// Parts of the content, in the order in which they were asked for; none of them empty.
    case parts([Range<Int>])
    /// Nothing of what is asked for is there.
    case unsatisfiable

    /// More than these, or parts that overlap, are no honest question (RFC 9110, 14.2 and 17.15).
    private static let limit = 16

    /// Nil where the field is to be ignored: another unit, or malformed.
    package init?(_ value: String, length: Int) {
        let halves = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].equalsIgnoringCase("bytes") else { return nil }
        var ranges: [Range<Int>] = []
        var isAsked = false
        for member in halves[1].split(separator: ",") {
            let member = member.trimmingOptionalWhitespace()
            guard !member.isEmpty else { continue }
            guard let range = Self.range(member, length: length) else { return nil }
            isAsked = true
            if !range.isEmpty { ranges.append(range) }
        }
        guard isAsked else { return nil }
        guard !ranges.isEmpty else {
            self = .unsatisfiable
            return
        }
        let sorted = ranges.sorted { $0.lowerBound < $1.lowerBound }
        let areApart = zip(sorted, sorted.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }
        guard ranges.count <= Self.limit, areApart else { return nil }
        self = .parts(ranges)
    }

    /// Nil for what is malformed; empty for what lies beyond the end.
    private static func range(_ member: Substring, length: Int) -> Range<Int>? {
        let bounds = member.split(separator: "-", omittingEmptySubsequences: false)
        guard bounds.count == 2 else { return nil }
        if bounds[0].isEmpty {
            guard let suffix = Self.number(bounds[1]) else { return nil }
            return max(0, length - suffix)..<length
        }
        guard let first = Self.number(bounds[0]) else { return nil }
        guard !bounds[1].isEmpty else { return min(first, length)..<length }
        guard let last = Self.number(bounds[1]), first <= last else { return nil }
        return min(first, length)..<min(last == .max ? last : last + 1, length)
    }

    /// Digits and nothing else, which `Int` alone would not see to.
    static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(text) ?? .max
    }

    /// Whether a part may be sent, by the validator in `If-Range` if there is one; else the whole is (RFC 9110, 13.1.5).
    package static func areWanted(by request: HeaderFields, of stored: HeaderFields) -> Bool {
        guard let validator = request.octets(of: "if-range"), let value = request["if-range"] else { return true }
        if validator.last == 0x22 {
            guard let one = EntityTag(validator), let other = EntityTag(of: stored) else { return false }
            return one.stronglyMatches(other)
        }
        // A date is compared by its spelling, and is strong only if it was well past when the response was made
        // (RFC 9110, 8.8.2.2).
        guard value == stored["last-modified"],
            let modified = HTTPDate.seconds(parsing: value, now: 0),
            let date = stored["date"].flatMap({ HTTPDate.seconds(parsing: $0, now: 0) })
        else { return false }
        return date - modified >= 1
    }
}
