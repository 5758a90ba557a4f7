// SPDX-License-Identifier: Apache-2.0

/// What of a value has to be written otherwise, so that it stays within its place on the line.
///
/// Control characters of both sets (C0, DEL, C1) become JSON's `\n`, `\t`, `\r` or `\u00XX` everywhere.
enum LogEscape {
    /// What would end the place in which a value stands.
    enum Ending {
        /// The end of the line: a message in text.
        case line
        /// A space: a value in text, which gets quotation marks where it needs them.
        case word
        /// A quotation mark: a value in JSON, which always has them.
        case quote
    }

    static func append(_ text: String, within ending: Ending, to bytes: inout [UInt8]) {
        let isPlain = Self.isPlain(text, within: ending)
        let isQuoted = ending == .quote || ending == .word && (!isPlain || text.isEmpty)
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
        if isPlain {
            bytes.append(contentsOf: text.utf8)
        } else {
            for scalar in text.unicodeScalars { Self.append(scalar, quoted: isQuoted, to: &bytes) }
        }
        if isQuoted { bytes.append(UInt8(ascii: "\"")) }
    }

    /// Whether the text can be copied as it is.
    private static func isPlain(_ text: String, within ending: Ending) -> Bool {
        text.utf8.withContiguousStorageIfAvailable { bytes in
            // Without an early exit, so that the compiler makes it a few wide comparisons.
            var odd: UInt8 = 0
            switch ending {
            case .line: for byte in bytes { odd |= Self.control(byte) }
            case .word: for byte in bytes { odd |= Self.control(byte) | Self.quoting(byte) | (byte == 0x20 ? 1 : 0) }
            case .quote: for byte in bytes { odd |= Self.control(byte) | Self.quoting(byte) }
            }
            return odd == 0
        } ?? false
    }

    /// 0xC2 leads the two bytes of a C1 control, and of some letters.
    private static func control(_ byte: UInt8) -> UInt8 {
        (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0) | (byte == 0xC2 ? 1 : 0)
    }

    private static func quoting(_ byte: UInt8) -> UInt8 {
        (byte == 0x22 ? 1 : 0) | (byte == 0x5C ? 1 : 0)
    }

    private static func append(_ scalar: Unicode.Scalar, quoted isQuoted: Bool, to bytes: inout [UInt8]) {
        switch scalar.value {
        case 0x0A: bytes.append(contentsOf: #"\n"#.utf8)
        case 0x0D: bytes.append(contentsOf: #"\r"#.utf8)
        case 0x09: bytes.append(contentsOf: #"\t"#.utf8)
        case 0x00..<0x20, 0x7F..<0xA0:
            bytes.append(contentsOf: #"\u00"#.utf8)
            bytes.append(Self.hexDigit(scalar.value >> 4))
            bytes.append(Self.hexDigit(scalar.value & 15))
        case 0x22 where isQuoted, 0x5C where isQuoted:
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        default:
            bytes.append(contentsOf: scalar.utf8)
        }
    }

    private static func hexDigit(_ value: UInt32) -> UInt8 {
        UInt8(truncatingIfNeeded: value < 10 ? 0x30 + value : 0x57 + value)
    }
}
