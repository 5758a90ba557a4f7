// SPDX-License-Identifier: Apache-2.0

/// A string as a structured field writes it (RFC 9651, 4.1.6): ASCII in quotes; what it cannot hold becomes `?`.
package struct StructuredString: CustomStringConvertible {
    private let text: String

    package init(_ text: String) { self.text = text }

    package var description: String {
        if self.text.utf8.allSatisfy({ 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }) { return "\"\(self.text)\"" }
        var quoted = "\""
        for scalar in self.text.unicodeScalars {
            switch scalar.value {
            case 0x22, 0x5C: quoted += "\\\(scalar)"
            case 0x20...0x7E: quoted.unicodeScalars.append(scalar)
            default: quoted += "?"
            }
        }
        return quoted + "\""
    }
}
