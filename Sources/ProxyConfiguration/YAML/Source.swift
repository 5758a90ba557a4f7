// SPDX-License-Identifier: Apache-2.0

/// One file of YAML: its name as messages show it, and its text.
final class Source: Sendable {
    let name: String
    /// Valid UTF-8, without a byte order mark.
    let bytes: [UInt8]
    /// Where relative paths in it begin: empty, or ending with `/`.
    let directory: String

    init(name: String, bytes: [UInt8], directory: String) {
        self.name = name
        self.bytes = bytes
        self.directory = directory
    }

    /// A path that the file names, as the system understands it.
    func resolve(_ path: String) -> String {
        var path = path[...]
        while path.hasPrefix("./") { path = path.dropFirst(2) }
        return path.hasPrefix("/") ? String(path) : self.directory + path
    }

    /// The octets at which lines begin, by the line breaks that libyaml counts.
    func lineStarts() -> [Int] {
        var starts = [0]
        var index = 0
        while index < self.bytes.count {
            let length = self.lineBreak(at: index)
            index += max(length, 1)
            if length > 0 { starts.append(index) }
        }
        return starts
    }

    /// The text of a line, without its end. Nil if it is longer than any that a person wrote.
    func line(from start: Int) -> String? {
        var end = start
        while end < self.bytes.count, self.lineBreak(at: end) == 0 {
            end += 1
            if end - start > 4096 { return nil }
        }
        return String(decoding: self.bytes[start..<end], as: UTF8.self)
    }

    /// The length of the line break at an octet, 0 if there is none: LF, CR, CRLF, NEL, LS or PS (YAML 1.1, 4.2).
    private func lineBreak(at index: Int) -> Int {
        switch (self.bytes[index], self.byte(index + 1), self.byte(index + 2)) {
        case (0x0D, 0x0A, _): 2
        case (0x0A, _, _), (0x0D, _, _): 1
        case (0xC2, 0x85, _): 2
        case (0xE2, 0x80, 0xA8), (0xE2, 0x80, 0xA9): 3
        default: 0
        }
    }

    private func byte(_ index: Int) -> UInt8? {
        index < self.bytes.count ? self.bytes[index] : nil
    }
}

/// A place in a file. Lines and columns count from 1; columns count code points.
struct Position: Hashable, Comparable, Sendable {
    var line: Int
    var column: Int

    static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// A stretch of a file.
struct Location: Sendable {
    var source: Source
    var start: Position
    var end: Position
}
