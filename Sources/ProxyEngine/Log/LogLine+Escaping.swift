// SPDX-License-Identifier: Apache-2.0

extension LogLine {
    /// What would end the place in which a value stands.
    enum Ending {
        /// The end of the line: a message in text.
        case line
        /// A space: a value in text, which gets quotation marks where it needs them.
        case word
        /// A quotation mark: a value in JSON, which always has them.
        case quote
    }

    /// Adds a value so that it stays within its place: control characters of both sets (C0, DEL, C1) become JSON's
    /// `\n`, `\t`, `\r` or `\u00XX`, and within quotation marks these and backslashes get a backslash.
    mutating func append(_ text: String, within ending: Ending) {
        let isDone: Void? = text.utf8.withContiguousStorageIfAvailable { self.append($0, within: ending) }
        if isDone == nil { Array(text.utf8).withUnsafeBufferPointer { self.append($0, within: ending) } }
    }

    private mutating func append(_ bytes: UnsafeBufferPointer<UInt8>, within ending: Ending) {
        let isPlain = Self.isPlain(bytes, within: ending)
        let isQuoted = ending == .quote || ending == .word && (!isPlain || bytes.isEmpty)
        if isQuoted { self.append(UInt8(ascii: "\"")) }
        if isPlain { self.append(bytes) } else { self.append(escaping: bytes, quoted: isQuoted) }
        if isQuoted { self.append(UInt8(ascii: "\"")) }
    }

    /// Whether the text can be copied as it is. Without an early exit, so that the compiler makes it a few wide
    /// comparisons.
    private static func isPlain(_ bytes: UnsafeBufferPointer<UInt8>, within ending: Ending) -> Bool {
        var odd: UInt8 = 0
        switch ending {
        case .line: for byte in bytes { odd |= Self.control(byte) }
        case .word: for byte in bytes { odd |= Self.control(byte) | Self.quoting(byte) | (byte == 0x20 ? 1 : 0) }
        case .quote: for byte in bytes { odd |= Self.control(byte) | Self.quoting(byte) }
        }
        return odd == 0
    }

    /// 0xC2 leads the two octets of a C1 control, and of some letters.
    private static func control(_ byte: UInt8) -> UInt8 {
        (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0) | (byte == 0xC2 ? 1 : 0)
    }

    private static func quoting(_ byte: UInt8) -> UInt8 {
        (byte == 0x22 ? 1 : 0) | (byte == 0x5C ? 1 : 0)
    }

    private mutating func append(escaping bytes: UnsafeBufferPointer<UInt8>, quoted isQuoted: Bool) {
        var previous: UInt8 = 0
        for (position, byte) in bytes.enumerated() {
            switch byte {
            case 0x0A: self.append(#"\n"#)
            case 0x0D: self.append(#"\r"#)
            case 0x09: self.append(#"\t"#)
            case 0x00..<0x20, 0x7F: self.append(hexadecimal: byte)
            case 0x22 where isQuoted, 0x5C where isQuoted:
                self.append(UInt8(ascii: "\\"))
                self.append(byte)
            case 0xC2 where position + 1 < bytes.count && bytes[position + 1] < 0xA0:
                break
            case 0x80..<0xA0 where previous == 0xC2:
                self.append(hexadecimal: byte)
            default: self.append(byte)
            }
            previous = byte
        }
    }

    private mutating func append(hexadecimal value: UInt8) {
        self.append(#"\u00"#)
        for digit in [value >> 4, value & 15] { self.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
    }
}
