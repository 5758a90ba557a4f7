// SPDX-License-Identifier: Apache-2.0

/// A scientific name as two APIs can be expected to agree on it: genus and epithets in lower case.
///
/// Authors, ranks (`subsp.`, `var.`) and the sign of a hybrid are left out: they never tell two plants apart (the code
/// of nomenclature, ICN H.3.3, has the sign disregarded), and one API writes them where the other does not. The names of
/// cultivars stay.
struct ScientificName: Hashable, Sendable {
    /// Equal texts are canonically equivalent ones, as `String` compares.
    let key: String

    init(_ name: String) {
        let words = name.split(whereSeparator: \.isWhitespace)
        let isShouted = !name.contains(where: \.isLowercase)
        var parser = Parser()
        for word in words { parser.take(isShouted ? word.lowercased() : String(word)) }
        let kept = parser.kept.isEmpty ? words.map { $0.lowercased() } : parser.kept
        self.key = kept.joined(separator: " ")
    }

    private struct Parser {
        private(set) var kept: [String] = []
        private var isInAuthor = false
        private var isAfterRank = false
        private var isInCultivar = false

        private static let ranks: Set<String> = [
            "subsp.", "subsp", "ssp.", "ssp", "var.", "var", "subvar.", "f.", "forma", "fo.", "nothosubsp.",
            "nothovar.",
        ]
        private static let signs: Set<String> = ["×", "x", "X", "\u{2715}", "\u{2A2F}"]
        /// Words in lower case that belong to authors.
        private static let particles: Set<String> = [
            "auct", "auct.", "bis", "da", "de", "del", "den", "der", "des", "di", "du", "emend.", "et", "ex", "fil.",
            "hort", "hort.", "in", "la", "le", "nec", "nom.", "non", "s.l.", "s.str.", "sensu", "ter", "van", "von",
            "y", "zu",
        ]
        private static let quotes: Set<Character> = ["'", "\u{2018}", "\u{2019}", "\"", "\u{201C}", "\u{201D}"]

        mutating func take(_ word: String) {
            if self.isInCultivar { return self.takeCultivar(word) }
            if let first = word.first, Self.quotes.contains(first) {
                self.isInCultivar = true
                return self.takeCultivar(word)
            }
            if Self.signs.contains(word) { return }
            if !self.kept.isEmpty, Self.ranks.contains(word) {
                self.isAfterRank = true
                return
            }
            if self.isEpithet(word) {
                self.isInAuthor = false
                self.kept.append(Self.withoutSign(word).lowercased())
            } else {
                self.isInAuthor = true
            }
            self.isAfterRank = false
        }

        /// Whether a word names the plant. After an author only what follows a rank does.
        private func isEpithet(_ word: String) -> Bool {
            let bare = Self.withoutSign(word)
            guard bare.first?.isLetter == true else { return false }
            if self.kept.isEmpty { return true }
            guard bare.allSatisfy({ $0.isLetter || $0 == "-" }), !Self.particles.contains(bare) else { return false }
            if self.isInAuthor, !self.isAfterRank { return false }
            if bare.first?.isLowercase == true { return true }
            // `Aloe Vera` is a careless spelling; what is short there is an author, as in `Aloe L` and `Rosa Ait`.
            return self.kept.count == 1 && bare.count > 3 && !self.isAfterRank
        }

        /// A sign without a space behind it: `×piperita`, `xFatshedera`.
        private static func withoutSign(_ word: String) -> String {
            guard let first = word.first else { return word }
            let rest = String(word.dropFirst())
            if first == "x" { return rest.first?.isUppercase == true ? rest : word }
            return Self.signs.contains(String(first)) && first != "X" ? rest : word
        }

        private mutating func takeCultivar(_ word: String) {
            self.kept.append(String(word.lowercased().map { Self.quotes.contains($0) ? "'" : $0 }))
            if let last = word.last, Self.quotes.contains(last) { self.isInCultivar = false }
        }
    }
}
