// SPDX-License-Identifier: Apache-2.0

/// Percent-encoding (RFC 3986, 2.1).
package enum PercentEncoding {
    /// Encodes everything but unreserved characters, so that the text is one value of a query.
    package static func queryValue(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                encoded += byte < 16 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return encoded
    }

    /// Whether two hexadecimal digits follow every `%`.
    package static func isValid(_ text: some StringProtocol) -> Bool {
        var rest = text.utf8[...]
        while let mark = rest.firstIndex(of: 0x25) {
            rest = rest[rest.index(after: mark)...]
            guard rest.count >= 2, rest.prefix(2).allSatisfy({ $0.hexDigitValue != nil }) else { return false }
        }
        return true
    }

    /// Decodes once; what is not an encoded octet stays as it is.
    package static func decode(_ text: some StringProtocol) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x25, let high = rest.first?.hexDigitValue, let low = rest.dropFirst().first?.hexDigitValue {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
