// SPDX-License-Identifier: Apache-2.0

extension Setting {
    /// On one line, as between `{ }` and `[ ]`.
    var inline: String {
        switch self {
        case .text(let text), .file(let text, _): Self.scalar(text)
        case .secret: Self.scalar("***")
        case .list(let elements): "[\(elements.map(\.inline).joined(separator: ", "))]"
        case .mapping(let members):
            "{\(members.map { "\(Self.scalar($0.name)): \($0.value.inline)" }.joined(separator: ", "))}"
        }
    }

    /// A document, mappings on lines of their own.
    func document() -> String {
        var lines: [String] = []
        self.write(to: &lines, indentation: "")
        return lines.joined(separator: "\n") + "\n"
    }

    private func write(to lines: inout [String], indentation: String) {
        guard case .mapping(let members) = self else { return }
        for member in members {
            let key = indentation + Self.scalar(member.name) + ":"
            switch member.value {
            case .mapping(let inner) where !inner.isEmpty:
                lines.append(key)
                member.value.write(to: &lines, indentation: indentation + "  ")
            case .list(let elements) where elements.contains(where: \.isMapping):
                lines.append(key)
                for element in elements { lines.append("\(indentation)  - \(element.inline)") }
            case .text, .secret, .file, .list, .mapping:
                lines.append("\(key) \(member.value.inline)")
            }
        }
    }

    var isMapping: Bool {
        if case .mapping = self { true } else { false }
    }

    /// Without quotes only where no reader of YAML could take it for anything else.
    private static func scalar(_ text: String) -> String {
        let isPlain =
            !text.isEmpty && !["null", "Null", "NULL"].contains(text) && text.last != ":"
            && text.utf8.first.map { $0.isVariableCharacter || $0 == UInt8(ascii: "/") } == true
            && text.utf8.allSatisfy { $0.isVariableCharacter || "/.:+%-".utf8.contains($0) }
        return isPlain ? text : "\"\(text.unicodeScalars.map(self.escaped).joined())\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"": return "\\\""
        case "\\": return "\\\\"
        // A lone $ would be read as the beginning of a variable.
        case "$": return "$$"
        case _ where scalar.isControl || (0x2028...0x2029).contains(scalar.value) || scalar.value == 0xFEFF:
            let digits = String(scalar.value, radix: 16)
            return "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
        default: return String(scalar)
        }
    }
}
