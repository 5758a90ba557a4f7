// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Lines that wait to be written, as bytes.
///
/// They are put down straight into its memory, since every request pays for one.
struct LogBuffer {
    private var isJSON: Bool
    /// All of it is there to be written to; the first `count` octets are lines.
    private var bytes: [UInt8] = []
    private(set) var count = 0
    private var timestamp = LogTimestamp()

    init(_ format: LogConfiguration.Format) { self.isJSON = format == .json }

    mutating func setFormat(_ format: LogConfiguration.Format) { self.isJSON = format == .json }

    /// Adds one line, whose time is now; the closure adds what else is on it, and is called again when it needed more
    /// room than there was.
    ///
    /// - Returns: Whether there was room for it within the capacity.
    mutating func add(upTo capacity: Int, _ write: (inout LogLine) -> Void) -> Bool {
        self.timestamp.update(to: .now)
        while !self.addHere(write) {
            let larger = min(capacity, max(4096, self.bytes.count * 2))
            guard larger > self.bytes.count else { return false }
            self.bytes.append(contentsOf: repeatElement(0, count: larger - self.bytes.count))
        }
        return true
    }

    private mutating func addHere(_ write: (inout LogLine) -> Void) -> Bool {
        let end = self.bytes.withUnsafeMutableBufferPointer { bytes -> Int? in
            guard let start = bytes.baseAddress else { return nil }
            var line = LogLine(isJSON: self.isJSON, start + self.count, upTo: bytes.count - self.count)
            line.begin(at: self.timestamp)
            write(&line)
            line.end()
            return line.isCut ? nil : self.count + line.count
        }
        guard let end else { return false }
        self.count = end
        return true
    }

    /// Takes the lines out, and puts an empty block in their place whose memory is used again.
    mutating func take(leaving spare: Block) -> Block {
        let taken = Block(bytes: self.bytes, count: self.count)
        self.bytes = spare.bytes
        self.count = 0
        return taken
    }

    /// Memory with lines at its beginning.
    struct Block {
        var bytes: [UInt8] = []
        var count = 0

        var lines: Int { self.bytes[..<self.count].count { $0 == UInt8(ascii: "\n") } }
    }
}

/// RFC 3339 in UTC with milliseconds: `2026-01-01T00:00:00.000Z`. Only its last digits are new on most lines.
struct LogTimestamp {
    private var second = Int.min
    private var millisecond = -1
    private(set) var text: [UInt8] = []

    mutating func update(to now: timespec) {
        var rest = now.tv_nsec / 1_000_000
        guard now.tv_sec != self.second || rest != self.millisecond else { return }
        self.millisecond = rest
        if now.tv_sec != self.second {
            self.second = now.tv_sec
            self.text = Array(HTTPDate.rfc3339(milliseconds: Int64(now.tv_sec) * 1000).utf8)
        }
        for position in 2...4 {
            self.text[self.text.count - position] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}

extension timespec {
    /// The wall clock, since 1970-01-01T00:00:00Z.
    static var now: timespec {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return now
    }
}
