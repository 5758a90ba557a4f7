// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Lines as bytes: text with `key=value` fields, or one JSON object each, written by the same calls.
///
/// What a peer sent is escaped, so that no value ends its line, forges another or speaks to a terminal.
struct LogBuffer {
    private var isJSON: Bool
    private(set) var bytes: [UInt8] = []
    private var timestamp = LogTimestamp()

    init(_ format: LogConfiguration.Format) { self.isJSON = format == .json }

    mutating func setFormat(_ format: LogConfiguration.Format) { self.isJSON = format == .json }

    var count: Int { self.bytes.count }

    /// Takes the lines out, and puts an empty block in their place whose memory is used again.
    mutating func exchange(for empty: [UInt8]) -> [UInt8] {
        var taken = empty
        swap(&taken, &self.bytes)
        return taken
    }

    mutating func truncate(to count: Int) {
        self.bytes.removeLast(self.bytes.count - count)
    }

    // MARK: One line

    mutating func begin(at now: timespec = .now) {
        if self.isJSON { self.append(#"{"time":""#) }
        self.timestamp.append(now, to: &self.bytes)
        if self.isJSON { self.bytes.append(UInt8(ascii: "\"")) }
    }

    mutating func end() {
        if self.isJSON { self.bytes.append(UInt8(ascii: "}")) }
        self.bytes.append(UInt8(ascii: "\n"))
    }

    /// A value that text shows without its key: the level, the message.
    mutating func positional(_ key: StaticString, _ value: String) {
        if self.isJSON {
            self.open(key)
        } else {
            self.bytes.append(UInt8(ascii: " "))
        }
        LogEscape.append(value, within: self.isJSON ? .quote : .line, to: &self.bytes)
    }

    /// One of the proxy's own words, which have nothing to escape.
    mutating func field(_ key: StaticString, word: String?) {
        self.open(key)
        guard let word else { return self.appendAbsent() }
        if self.isJSON { self.bytes.append(UInt8(ascii: "\"")) }
        self.bytes.append(contentsOf: word.utf8)
        if self.isJSON { self.bytes.append(UInt8(ascii: "\"")) }
    }

    mutating func field(_ key: StaticString, _ value: String) {
        self.open(key)
        LogEscape.append(value, within: self.isJSON ? .quote : .word, to: &self.bytes)
    }

    /// A field whose name is not known beforehand.
    mutating func field(named name: String, _ value: String) {
        let ending: LogEscape.Ending = self.isJSON ? .quote : .word
        self.bytes.append(self.isJSON ? UInt8(ascii: ",") : UInt8(ascii: " "))
        LogEscape.append(name, within: ending, to: &self.bytes)
        self.bytes.append(self.isJSON ? UInt8(ascii: ":") : UInt8(ascii: "="))
        LogEscape.append(value, within: ending, to: &self.bytes)
    }

    mutating func field(_ key: StaticString, _ value: Int) {
        self.open(key)
        self.append(value)
    }

    /// In milliseconds with three decimals.
    mutating func field(_ key: StaticString, _ value: TimeAmount) {
        self.open(key)
        let microseconds = Int(max(0, value.nanoseconds) / 1000)
        self.append(microseconds / 1000)
        self.bytes.append(UInt8(ascii: "."))
        self.bytes.append(threeDigits: microseconds % 1000)
    }
}

extension LogBuffer {
    /// Keys need no escaping: they are ours.
    private mutating func open(_ key: StaticString) {
        if self.isJSON {
            self.bytes.append(UInt8(ascii: ","))
            self.bytes.append(UInt8(ascii: "\""))
            self.append(key)
            self.bytes.append(UInt8(ascii: "\""))
            self.bytes.append(UInt8(ascii: ":"))
        } else {
            self.bytes.append(UInt8(ascii: " "))
            self.append(key)
            self.bytes.append(UInt8(ascii: "="))
        }
    }

    /// `-` in text and `null` in JSON, so that every line of a kind has the same fields.
    private mutating func appendAbsent() {
        self.append(self.isJSON ? "null" : "-")
    }

    private mutating func append(_ text: StaticString) {
        self.bytes.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func append(_ number: Int) {
        guard number >= 0, number < 1000 else { return self.bytes.append(contentsOf: String(number).utf8) }
        if number >= 100 { return self.bytes.append(threeDigits: number) }
        if number >= 10 { self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10)) }
        self.bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}

extension [UInt8] {
    /// - Parameter number: 0 to 999.
    fileprivate mutating func append(threeDigits number: Int) {
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 100))
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10 % 10))
        self.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
    }
}

/// RFC 3339 in UTC with milliseconds; only the milliseconds are new on most lines.
private struct LogTimestamp {
    private var second = Int.min
    /// `2026-01-01T00:00:00.`
    private var prefix: [UInt8] = []

    mutating func append(_ now: timespec, to bytes: inout [UInt8]) {
        if now.tv_sec != self.second {
            self.second = now.tv_sec
            self.prefix = Array(HTTPDate.rfc3339(milliseconds: Int64(now.tv_sec) * 1000).utf8.dropLast(4))
        }
        bytes.append(contentsOf: self.prefix)
        bytes.append(threeDigits: now.tv_nsec / 1_000_000)
        bytes.append(UInt8(ascii: "Z"))
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
