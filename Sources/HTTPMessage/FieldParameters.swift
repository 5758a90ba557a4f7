// SPDX-License-Identifier: Apache-2.0

/// What follows the first word of `Content-Type` and `Content-Disposition`: `; name=value; name="value"` (RFC 9110, 5.6.6).
struct FieldParameters: Sendable, Hashable {
    private struct Parameter: Sendable, Hashable {
        /// In lower case.
        var name: String
        var value: String
    }

    private var parameters: [Parameter] = []

    /// The first word and what follows it; nil for parameters that are malformed or ambiguous.
    static func split(_ text: String) -> (word: Substring.UTF8View, parameters: FieldParameters?) {
        let bytes = text[...].utf8
        let end = bytes.firstIndex(of: 0x3B) ?? bytes.endIndex
        let word = Substring(bytes[..<end]).trimmingOptionalWhitespace().utf8
        return (word, FieldParameters(bytes[end...]))
    }

    subscript(name: String) -> String? { self.parameters.first { $0.name == name }?.value }

    func removing(_ name: String) -> FieldParameters {
        var others = self
        others.parameters.removeAll { $0.name == name }
        return others
    }

    private init?(_ text: Substring.UTF8View) {
        var rest = text
        while true {
            rest.skipWhitespace()
            guard let byte = rest.popFirst() else { return }
            guard byte == 0x3B else { return nil }
            rest.skipWhitespace()
            guard let next = rest.first, next != 0x3B else { continue }
            let name = rest.prefix { $0.isTokenCharacter }
            rest = rest[name.endIndex...]
            guard !name.isEmpty, rest.popFirst() == 0x3D, let value = rest.popParameterValue() else { return nil }
            let parameter = Parameter(
                name: String(decoding: name.map(\.lowercasedASCII), as: UTF8.self),
                value: value
            )
            // Two peers may pick a different one of two.
            guard self[parameter.name] == nil else { return nil }
            self.parameters.append(parameter)
        }
    }
}

extension FieldParameters: CustomStringConvertible {
    var description: String {
        self.parameters.map { parameter in
            let escaped = parameter.value.utf8.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] }
            return "; \(parameter.name)=\"\(String(decoding: escaped, as: UTF8.self))\""
        }.joined()
    }
}

extension Substring.UTF8View {
    fileprivate mutating func skipWhitespace() {
        while let byte = self.first, byte == 0x20 || byte == 0x09 { self.removeFirst() }
    }

    /// A quoted string, or everything before the next semicolon or white space.
    fileprivate mutating func popParameterValue() -> String? {
        guard self.first == 0x22 else {
            let value = self.prefix { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 && $0 != 0x22 }
            self = self[value.endIndex...]
            return value.isEmpty ? nil : String(Substring(value))
        }
        self.removeFirst()
        var value: [UInt8] = []
        while let byte = self.popFirst() {
            switch byte {
            case 0x22:
                return String(decoding: value, as: UTF8.self)
            // Old browsers send `filename="C:\photo.jpg"`: only what must be escaped is taken for an escape.
            case 0x5C where self.first == 0x22 || self.first == 0x5C:
                value.append(self.removeFirst())
            default:
                value.append(byte)
            }
        }
        return nil
    }
}
