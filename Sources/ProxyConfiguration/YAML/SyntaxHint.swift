// SPDX-License-Identifier: Apache-2.0

/// What people usually did where libyaml says that it did not find what it expected.
enum SyntaxHint {
    static func message(for error: YAMLSyntaxError, in source: Source) -> String {
        let starts = source.lineStarts()
        guard error.position.line <= starts.count, let line = source.line(from: starts[error.position.line - 1]) else {
            return error.message
        }
        let character = line.unicodeScalars.dropFirst(error.position.column - 1).first
        if character == "\t" || line.prefix(while: { $0 == " " || $0 == "\t" }).contains("\t") {
            return "a tab stands here; YAML is indented with spaces only"
        }
        if line.contains("${") {
            return error.message + "; between { } or [ ], a ${NAME} stands in quotes: \"${NAME}\""
        }
        if error.message.contains("scanning a tag") {
            return error.message + "; a text that begins with ! stands in quotes"
        }
        if character == "@" || character == "`" || character == "%" {
            return error.message + "; a text that begins with \(character.map(String.init) ?? "it") stands in quotes"
        }
        return error.message
    }
}
