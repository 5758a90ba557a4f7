// SPDX-License-Identifier: Apache-2.0

/// Shows lines of the files with a caret, and `***` where a secret stands.
struct Snippets {
    /// The longest line that is shown whole; of a longer one, the part around the caret.
    private static let width = 120

    private let secrets: [ObjectIdentifier: [Location]]
    /// Where the lines of a file begin, found once for each.
    private var lineStarts: [ObjectIdentifier: [Int]] = [:]

    /// - Parameter others: Values of the same files that are in no tree.
    init(trees: [Node], others: [Node]) {
        var secrets: [ObjectIdentifier: [Location]] = [:]
        for tree in trees {
            secrets[ObjectIdentifier(tree.location.source), default: []] += SecretText.locations(in: tree)
        }
        for node in others {
            secrets[ObjectIdentifier(node.location.source)]? += SecretText.locations(in: node)
        }
        self.secrets = secrets
    }

    /// The line of a place and a caret under it; empty if the place has no line or showing it might show a secret.
    mutating func snippet(at location: Location, isSyntaxError: Bool) -> String {
        let file = ObjectIdentifier(location.source)
        let starts = self.lineStarts[file] ?? location.source.lineStarts()
        self.lineStarts[file] = starts
        let number = location.start.line
        guard 1...starts.count ~= number else { return "" }
        if isSyntaxError || self.secrets[file] == nil {
            // Without a tree nobody knows how far a value reaches, so what stands near such a key is not shown.
            let near = max(number - 10, 0)..<number
            guard !near.contains(where: { location.source.line(from: starts[$0]).map(SecretText.isSuspicious) ?? true })
            else {
                return ""
            }
        }
        guard let line = location.source.line(from: starts[number - 1]) else { return "" }
        guard line.contains(where: { $0 != " " && $0 != "\t" }) else { return "" }
        return self.marked(line, at: location, masks: self.masks(on: number, of: location.source))
    }

    /// Columns, from 0, that are not shown; the end of a line is as far as it goes.
    private func masks(on line: Int, of source: Source) -> [Range<Int>] {
        (self.secrets[ObjectIdentifier(source)] ?? []).compactMap { secret in
            guard secret.start.line...secret.end.line ~= line else { return nil }
            let start = secret.start.line == line ? secret.start.column - 1 : 0
            let end = secret.end.line == line ? secret.end.column - 1 : Int.max
            return start < end ? start..<end : nil
        }
    }

    private func marked(_ line: String, at location: Location, masks: [Range<Int>]) -> String {
        var shown: [Character] = []
        var caret = 0
        var isMasking = false
        for (column, scalar) in line.unicodeScalars.enumerated() {
            if column == location.start.column - 1 { caret = shown.count }
            let isSecret = masks.contains { $0.contains(column) }
            if isSecret, !isMasking { shown += "***" }
            if !isSecret { shown.append(scalar.isControl ? " " : Character(scalar)) }
            isMasking = isSecret
        }
        if location.start.column > line.unicodeScalars.count { caret = shown.count }
        let first = max(0, min(caret - Self.width / 2, shown.count - Self.width))
        let part = shown.dropFirst(first).prefix(Self.width)
        let text = String(part).replacing(trailing: " ")
        return "\(text)\n\(String(repeating: " ", count: caret - first))^"
    }
}

extension String {
    fileprivate func replacing(trailing character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
