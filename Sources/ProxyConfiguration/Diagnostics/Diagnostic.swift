// SPDX-License-Identifier: Apache-2.0

/// One thing that is wrong with a file, or that its author may not have meant. Never carries a secret.
package struct Diagnostic: Hashable, Sendable, CustomStringConvertible {
    package enum Severity: String, Sendable { case error, warning }

    package var severity: Severity
    package var file: String
    /// From 1; 0 if it is about the file as a whole.
    package var line: Int
    /// From 1, in code points.
    package var column: Int
    /// `upstreams.plant_id.breaker.fail_max`; empty if it is about no key.
    package var path: String
    package var message: String
    /// The line of the file and a caret under the column, with secrets replaced; empty if it cannot be shown.
    package var snippet: String

    /// One line: `config.yaml:14:28: error: upstreams.plant_id.breaker.fail_max: expected ...`.
    package var summary: String {
        let place = self.line == 0 ? self.file : "\(self.file):\(self.line):\(self.column)"
        return "\(place): \(self.severity.rawValue): \(self.path.isEmpty ? "" : self.path + ": ")\(self.message)"
    }

    package var description: String {
        self.snippet.isEmpty ? self.summary : "\(self.summary)\n\(self.snippet)"
    }
}

/// A file that cannot be used, with everything that is wrong with it.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// At least one; in the order of the file, those of a profile's own file after it.
    package var diagnostics: [Diagnostic]
    /// Problems beyond those that are listed.
    package var omitted = 0

    /// Every problem with its line and a caret, as a terminal shows it; ends without a line break.
    package func rendered() -> String {
        var blocks = self.diagnostics.map(\.description)
        if self.omitted > 0 { blocks.append("and \(self.omitted) more") }
        return blocks.joined(separator: "\n")
    }

    package var description: String { self.rendered() }
}
