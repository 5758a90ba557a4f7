// SPDX-License-Identifier: Apache-2.0

/// A set of HTTP statuses, as `exclude: [4xx, 501, 520-527, "!429"]` writes it.
///
/// Entries apply in order: a class, a code or a range adds; one with `!` in front takes back.
package struct StatusSet: Hashable, Sendable {
    /// One bit for each status from 0 to 639, so that membership is one look-up on the path of a request.
    private var words: [UInt64] = Array(repeating: 0, count: 10)
    /// What was written, for showing the configuration.
    package let entries: [String]

    package static let empty = StatusSet(unchecked: [])
    /// `4xx`: the caller's fault.
    package static let clientErrors = StatusSet(unchecked: ["4xx"])

    /// Returns nil if an entry is neither a class (`4xx`), a code (`404`) nor a range (`500-504`) within 100 to 599.
    package init?(_ entries: [String]) {
        self.entries = entries
        for entry in entries {
            let removes = entry.hasPrefix("!")
            guard let range = Self.range(removes ? entry.dropFirst() : entry[...]) else { return nil }
            for status in range { self.set(status, to: !removes) }
        }
    }

    private init(unchecked entries: [String]) {
        self = StatusSet(entries) ?? StatusSet()
    }

    private init() { self.entries = [] }

    package func contains(_ status: Int) -> Bool {
        guard (0..<640).contains(status) else { return false }
        return self.words[status >> 6] & (1 << UInt64(status & 63)) != 0
    }

    private mutating func set(_ status: Int, to isMember: Bool) {
        let bit: UInt64 = 1 << UInt64(status & 63)
        if isMember { self.words[status >> 6] |= bit } else { self.words[status >> 6] &= ~bit }
    }

    private static func range(_ entry: Substring) -> ClosedRange<Int>? {
        if entry.count == 3, entry.hasSuffix("xx"), let digit = entry.first?.wholeNumberValue, 1...5 ~= digit {
            return digit * 100...digit * 100 + 99
        }
        let bounds = entry.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        switch (bounds.count, bounds.first ?? nil, bounds.last ?? nil) {
        case (1...2, let low?, let high?) where 100...599 ~= low && low...599 ~= high: return low...high
        default: return nil
        }
    }
}
