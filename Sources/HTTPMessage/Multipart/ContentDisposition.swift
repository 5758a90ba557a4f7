// SPDX-License-Identifier: Apache-2.0

/// What a part of a form is called (RFC 7578, 4.2).
struct ContentDisposition {
    let name: String?
    let filename: String?

    /// Nil for a value that is malformed.
    init?(_ text: String) {
        guard let parameters = FieldParameters.split(text).parameters else { return nil }
        self.name = parameters["name"].map(Self.unescape)
        self.filename = parameters["filename"].map(Self.unescape) ?? parameters["filename*"].flatMap(Self.extended)
    }

    /// The three octets that browsers encode in names, as the HTML standard has it; the rest of a name is UTF-8.
    static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "%22"
            case "\r": escaped += "%0D"
            case "\n": escaped += "%0A"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// Undoes `escape` and no more than that: `100%25.jpg` may well be the name of a file.
    private static func unescape(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            let code = byte == 0x25 ? String(decoding: rest.prefix(2).map(\.lowercasedASCII), as: UTF8.self) : ""
            guard ["22", "0d", "0a"].contains(code), let decoded = UInt8(code, radix: 16) else {
                bytes.append(byte)
                continue
            }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `UTF-8''na%C3%AFve.jpg` (RFC 8187, 3.2), which older Python clients send.
    private static func extended(_ text: String) -> String? {
        let pieces = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard pieces.count == 3, pieces[0].equalsIgnoringCase("utf-8") else { return nil }
        return String(validating: PercentEncoding.decode(pieces[2]), as: UTF8.self)
    }
}
