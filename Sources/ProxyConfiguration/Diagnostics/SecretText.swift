// SPDX-License-Identifier: Apache-2.0

/// Tells where in a file secrets may stand, by the names beside them. Rather one value too many than one too few.
package enum SecretText {
    private static let words = [
        "key", "token", "secret", "passw", "authorization", "cookie", "credential", "signature",
    ]

    /// Whether what has this name is likely a secret: a key of the file, a field or a parameter of a query.
    package static func isSecretName(_ name: String) -> Bool {
        let name = name.lowercased()
        // A slip of the finger in `api_key` must not show the key in the message about the slip.
        return self.words.contains { name.contains($0) } || EditDistance.between(name, "api_key", atMost: 2) != nil
    }

    /// Whether a line that nobody could parse may have a secret in it.
    static func isSuspicious(_ line: String) -> Bool {
        line.mayCarryCredentials || self.isSecretName(line)
            || line.split(whereSeparator: { !($0.isLetter || $0 == "_" || $0 == "-") }).contains {
                self.isSecretName(String($0))
            }
    }

    /// Where scalars stand that are secrets.
    static func locations(in node: Node, isSecret: Bool = false) -> [Location] {
        switch node.content {
        case .mapping(let entries):
            entries.flatMap { entry in
                self.locations(in: entry.value, isSecret: isSecret || self.isSecretSetting(entry.key))
            }
        case .sequence(let elements):
            elements.flatMap { self.locations(in: $0, isSecret: isSecret) }
        case .scalar(let scalar):
            isSecret && !self.isReference(scalar.written) || scalar.written.mayCarryCredentials ? [node.location] : []
        }
    }

    /// The file's own words that only speak of secrets are none.
    private static func isSecretSetting(_ key: String) -> Bool {
        !["secret", "share_credentials"].contains(key) && self.isSecretName(key)
    }

    /// A variable or a file that holds the secret, which helps whoever reads the message.
    private static func isReference(_ written: String) -> Bool {
        if written.hasPrefix("file:") { return true }
        guard written.hasPrefix("${"), written.hasSuffix("}") else { return false }
        let inner = written.dropFirst(2).dropLast()
        return (inner.hasSuffix(":-") ? inner.dropLast(2) : inner).utf8.allSatisfy(\.isVariableCharacter)
    }
}
