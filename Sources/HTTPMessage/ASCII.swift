// SPDX-License-Identifier: Apache-2.0

extension UInt8 {
    /// The octet in lower case if it is an ASCII letter, else itself.
    @inlinable
    package var lowercasedASCII: UInt8 {
        self &- 0x41 < 26 ? self | 0x20 : self
    }

    /// Whether the octet may stand in a token, such as a field name or a method (RFC 9110, 5.6.2).
    package var isTokenCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
        default: false
        }
    }

    /// The value of a hexadecimal digit.
    package var hexDigitValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}

extension StringProtocol {
    /// Equality without regard to the case of ASCII letters; protocol elements are never compared by locale.
    ///
    /// Inlinable, since unspecialised it takes a microsecond, and there are several of them in a request.
    @inlinable
    package func equalsIgnoringCase(_ other: some StringProtocol) -> Bool {
        guard self.utf8.count == other.utf8.count else { return false }
        var others = other.utf8.makeIterator()
        for byte in self.utf8 where byte.lowercasedASCII != others.next()?.lowercasedASCII { return false }
        return true
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the octets are this text without regard to the case of ASCII letters.
    package func equalsIgnoringCase(_ text: String) -> Bool {
        guard self.count == text.utf8.count else { return false }
        var text = text
        return text.withUTF8 { text in
            for index in 0..<text.count where self[index] != text[index] {
                guard self[index].lowercasedASCII == text[index].lowercasedASCII else { return false }
            }
            return true
        }
    }
}

extension Substring {
    /// Without the spaces and tabs at either end (OWS, RFC 9110, 5.6.3).
    package func trimmingOptionalWhitespace() -> Substring {
        // By octets: a space and a combining mark after it are one character, but the mark is no white space.
        var trimmed = self.utf8
        while let first = trimmed.first, first == 0x20 || first == 0x09 { trimmed.removeFirst() }
        while let last = trimmed.last, last == 0x20 || last == 0x09 { trimmed.removeLast() }
        return Substring(trimmed)
    }
}
