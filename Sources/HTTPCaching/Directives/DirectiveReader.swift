// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Takes `name`, `name=token` and `name="text"` out of a list (RFC 9111, 5.2), whatever stands between them.
struct DirectiveReader {
    private var rest: Substring.UTF8View

    init(_ line: String) { self.rest = line[...].utf8 }

    /// The next directive, its name in lower case. One that is malformed is skipped up to its comma.
    mutating func next() -> (name: String, argument: String?)? {
        while !self.rest.isEmpty {
            let name = self.rest.drop { $0 == 0x2C || $0 == 0x20 || $0 == 0x09 }.prefix { $0.isTokenCharacter }
            self.rest = self.rest[name.endIndex...]
            var argument: String?
            if self.rest.first == 0x3D {
                self.rest = self.rest.dropFirst()
                argument = self.takeQuoted() ?? self.takePlain()
            }
            let remainder = self.rest.prefix { $0 != 0x2C }
            self.rest = self.rest[remainder.endIndex...].dropFirst()
            let isClean = remainder.allSatisfy { $0 == 0x20 || $0 == 0x09 }
            guard !name.isEmpty else { continue }
            // What follows an argument spoils it; an empty one is no number and no name.
            return (Substring(name).lowercased(), isClean ? argument : "")
        }
        return nil
    }

    /// White space before it spoils it, since there is none around `=` (RFC 9111, 5.2).
    private mutating func takePlain() -> String {
        let value = self.rest.prefix { $0 != 0x2C }
        self.rest = self.rest[value.endIndex...]
        return value.first == 0x20 || value.first == 0x09
            ? "" : String(Substring(value).trimmingOptionalWhitespace())
    }

    /// A string in quotes (RFC 9110, 5.6.4); nil, and nothing is taken, where the quote has no end.
    private mutating func takeQuoted() -> String? {
        guard self.rest.first == 0x22 else { return nil }
        var value: [UInt8] = []
        var rest = self.rest.dropFirst()
        while let byte = rest.popFirst() {
            if byte == 0x22 {
                self.rest = rest
                return String(decoding: value, as: UTF8.self)
            }
            guard byte == 0x5C else {
                value.append(byte)
                continue
            }
            guard let escaped = rest.popFirst() else { return nil }
            value.append(escaped)
        }
        return nil
    }
}
