// SPDX-License-Identifier: Apache-2.0

/// Replaces `${NAME}` and `${NAME:-fallback}` in values; `$$` stands for one `$`. Keys and comments stay as they are.
///
/// A value is parsed before anything is put into it, so what a variable holds can never become structure.
struct Substitution {
    let environment: [String: String]
    let problems: Problems

    func resolve(_ node: Node) -> Node {
        var node = node
        switch node.content {
        case .mapping(let entries):
            node.content = .mapping(
                entries.map { entry in
                    var entry = entry
                    entry.value = self.resolve(entry.value)
                    return entry
                }
            )
        case .sequence(let elements):
            node.content = .sequence(elements.map(self.resolve))
        case .scalar(let scalar):
            guard scalar.text.utf8.contains(UInt8(ascii: "$")) else { return node }
            node.content = .scalar(self.resolve(scalar, at: node))
        }
        return node
    }

    private func resolve(_ scalar: Node.Scalar, at node: Node) -> Node.Scalar {
        var result = scalar
        result.text = ""
        var rest = scalar.text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result.text += rest[..<dollar]
            rest = rest[dollar...].dropFirst()
            if rest.first == "$" {
                result.text += "$"
                rest.removeFirst()
            } else if rest.first == "{" {
                guard let end = rest.firstIndex(of: "}") else {
                    self.problems.error(
                        "a ${ is not closed by a }; for the two characters themselves, write $${",
                        at: node
                    )
                    result.isBroken = true
                    return result
                }
                result.isFromVariable = true
                if let value = self.value(of: rest[..<end].dropFirst(), at: node) {
                    result.text += value
                } else {
                    result.isBroken = true
                }
                rest = rest[end...].dropFirst()
            } else {
                result.text += "$"
            }
        }
        result.text += rest
        return result
    }

    private func value(of reference: Substring, at node: Node) -> String? {
        let name: Substring
        let fallback: Substring?
        if let colon = reference.firstIndex(of: ":") {
            let operation = reference[colon...]
            guard operation.hasPrefix(":-") else {
                self.problems.error("expected ${NAME} or ${NAME:-fallback}", at: node)
                return nil
            }
            (name, fallback) = (reference[..<colon], operation.dropFirst(2))
        } else {
            (name, fallback) = (reference, nil)
        }
        guard let first = name.utf8.first, !(0x30...0x39 ~= first), name.utf8.allSatisfy(\.isVariableCharacter) else {
            self.problems.error("the name of a variable is made of letters, digits and _", at: node)
            return nil
        }
        let value = self.environment[String(name)]
        // As in a shell, `:-` stands in for an empty variable too.
        if let fallback { return value.flatMap { $0.isEmpty ? nil : $0 } ?? String(fallback) }
        if value == nil {
            self.problems.error(
                "the environment has no variable \(name); ${\(name):-} would stand for an empty one",
                at: node
            )
        }
        return value
    }
}

extension UInt8 {
    /// A letter, a digit or `_`.
    var isVariableCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
        default: false
        }
    }
}
