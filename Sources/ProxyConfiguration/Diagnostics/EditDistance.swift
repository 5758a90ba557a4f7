// SPDX-License-Identifier: Apache-2.0

/// How many slips of the finger are between two words: insertions, deletions, substitutions, swapped neighbours.
package enum EditDistance {
    /// The candidate that was probably meant, if one is near enough.
    static func suggestion(for word: String, among candidates: some Sequence<String>) -> String? {
        let limit = max(1, min(3, word.utf8.count / 3))
        let plain = Self.plain(word)
        if plain.utf8.count > 2, let longer = candidates.first(where: { Self.plain($0).hasPrefix(plain) }) {
            return longer
        }
        return candidates.compactMap { candidate in
            Self.between(plain, Self.plain(candidate), atMost: limit).map { (distance: $0, candidate: candidate) }
        }.min { ($0.distance, $0.candidate) < ($1.distance, $1.candidate) }?.candidate
    }

    /// `; did you mean "fail_max"?`, or nothing.
    package static func hint(for word: String, among candidates: some Sequence<String>) -> String {
        self.suggestion(for: word, among: candidates).map { "; did you mean \"\($0)\"?" } ?? ""
    }

    /// Nil if the distance is more than `limit`. Words of more than 64 octets are never near.
    static func between(_ left: String, _ right: String, atMost limit: Int) -> Int? {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count <= 64, right.count <= 64, abs(left.count - right.count) <= limit else { return nil }
        var rows = [Array(0...right.count)]
        for (i, character) in left.enumerated() {
            var row = [i + 1]
            for (j, other) in right.enumerated() {
                var cost = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (character == other ? 0 : 1))
                if i > 0, j > 0, character == right[j - 1], left[i - 1] == other {
                    cost = min(cost, rows[i - 1][j - 1] + 1)
                }
                row.append(cost)
            }
            rows.append(row)
        }
        let distance = rows[left.count][right.count]
        return distance <= limit ? distance : nil
    }

    private static func plain(_ word: String) -> String {
        String(word.prefix(80).lowercased().map { $0 == "-" ? "_" : $0 })
    }
}
