// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// Which part of a representation a 206 holds (RFC 9110, 14.4).
package struct ContentRange: Hashable, Sendable {
    package let range: Range<Int>
    /// Of the whole; nil: nobody knows.
    package let length: Int?

    package init(_ range: Range<Int>, of length: Int?) {
        self.range = range
        self.length = length
    }

    /// Nil for anything but one range of octets.
    package init?(_ fields: HeaderFields) {
        guard fields.count(of: "content-range") == 1, let value = fields["content-range"] else { return nil }
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].equalsIgnoringCase("bytes") else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts.first?.split(separator: "-", omittingEmptySubsequences: false).map(ByteRanges.number) ?? []
        guard parts.count == 2, bounds.count == 2, let first = bounds[0], let last = bounds[1], first <= last,
            last < .max
        else { return nil }
        let length = ByteRanges.number(parts[1])
        guard parts[1] == "*" || length.map({ last < $0 && $0 < .max }) ?? false else { return nil }
        if let octets = fields["content-length"], Int(octets) != last - first + 1 { return nil }
        self.range = first..<last + 1
        self.length = length
    }

    /// The one range that a value of `Range` asks for, if all of it is here (RFC 9111, 3.3).
    package func wanted(_ value: String) -> Range<Int>? {
        guard case .parts(let parts)? = ByteRanges(value, length: self.length ?? .max), parts.count == 1,
            let wanted = parts.first, self.holds(wanted)
        else { return nil }
        return wanted
    }

    func holds(_ other: Range<Int>) -> Bool {
        self.range.lowerBound <= other.lowerBound && other.upperBound <= self.range.upperBound
    }

    /// Both together, where they meet and are of one whole; nil if that is not so, or more than so many octets.
    func joined(with other: ContentRange?, upTo limit: Int) -> ContentRange? {
        guard let other, other.length == self.length, self.range.lowerBound <= other.range.upperBound,
            other.range.lowerBound <= self.range.upperBound
        else { return nil }
        let lower = min(self.range.lowerBound, other.range.lowerBound)
        let upper = max(self.range.upperBound, other.range.upperBound)
        return upper - lower <= limit ? ContentRange(lower..<upper, of: self.length) : nil
    }

    package var isWhole: Bool { self.range.count == self.length }
}

extension ContentRange: CustomStringConvertible {
    package var description: String {
        "bytes \(self.range.lowerBound)-\(self.range.upperBound - 1)/\(self.length.map { "\($0)" } ?? "*")"
    }
}
