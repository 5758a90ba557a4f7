// SPDX-License-Identifier: Apache-2.0

/// A set of HTTP statuses, as `exclude: [4xx, 501, 520-527, "!429"]` writes it.
///
/// Entries apply in order: a class, a code or a range adds; one with `!` in front takes back.
package struct StatusSet: Hashable, Sendable {
    private var members = Bits()
    /// Those which the last entry that names them has taken back.
    private var takenBack = Bits()
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
            for status in range {
                self.members[status] = !removes
                self.takenBack[status] = removes
            }
        }
    }

    private init(unchecked entries: [String]) {
        self = StatusSet(entries) ?? StatusSet()
    }

    private init() { self.entries = [] }

    package func contains(_ status: Int) -> Bool { self.members[status] }

    /// Whether the entries say of a status that it is none of these, which is more than not to name it.
    package func takesBack(_ status: Int) -> Bool { self.takenBack[status] }

    private static func range(_ entry: Substring) -> ClosedRange<Int>? {
        if entry.count == 3, entry.hasSuffix("xx"), let digit = Self.number(entry.prefix(1)), 1...5 ~= digit {
            return digit * 100...digit * 100 + 99
        }
        let bounds = entry.split(separator: "-", omittingEmptySubsequences: false).map(Self.number)
        switch (bounds.count, bounds.first ?? nil, bounds.last ?? nil) {
        case (1...2, let low?, let high?) where 100...599 ~= low && low...599 ~= high: return low...high
        default: return nil
        }
    }

    /// Digits only: no sign, and none but those of ASCII.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
    }
}

extension StatusSet {
    /// One bit for each status from 0 to 639, so that membership is one look-up on the path of a request.
    private struct Bits: Hashable {
        private var words: [UInt64] = Array(repeating: 0, count: 10)

        subscript(status: Int) -> Bool {
            get {
                guard 0..<640 ~= status else { return false }
                return self.words[status >> 6] & (1 << UInt64(status & 63)) != 0
            }
            set {
                let bit: UInt64 = 1 << UInt64(status & 63)
                if newValue { self.words[status >> 6] |= bit } else { self.words[status >> 6] &= ~bit }
            }
        }
    }
}
