// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// A text of an `identify` mapping in which variables stand: `{language}`, `{health}`, `{organ}`.
struct Template {
    private let text: String

    init(_ text: String) { self.text = text }

    /// The whole text stands for the list of all images, in JSON only.
    var isImages: Bool { self.text == "{images}" }

    /// The text with every variable replaced; nil if one of them has no value.
    func resolved(_ options: IdentifyOptions, image: Int = 0) -> String? {
        var resolved = ""
        var rest = self.text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            resolved += rest[..<open]
            switch rest[rest.index(after: open)..<close] {
            case "language":
                guard let language = options.language else { return nil }
                resolved += language
            case "health":
                guard let health = options.health else { return nil }
                resolved += health
            case "organ":
                guard options.organs.indices.contains(image) else { return nil }
                resolved += options.organs[image]
            default:
                resolved += rest[open...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return resolved + rest
    }

    /// The value of a member of a JSON object. Text that YAML would read as a Boolean, null or a number is one in JSON
    /// as well, so that `similar_images: false` says what it seems to say.
    func json(_ options: IdentifyOptions) -> JSON? {
        guard let text = self.resolved(options) else { return nil }
        guard text == self.text, let literal = try? JSON(parsing: text.utf8) else { return .string(text) }
        switch literal {
        case .null, .bool, .number: return literal
        case .string, .array, .object: return .string(text)
        }
    }
}
