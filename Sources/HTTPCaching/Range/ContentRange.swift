// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Which part of a representation a 206 holds (RFC 9110, 14.4).
struct ContentRange {
    let range: Range<Int>

    /// Nil for anything but one range of octets that answers a `Range` without `If-Range`.
    init?(_ head: ResponseHead, to request: HeaderFields) {
        guard request.contains("range"), !request.contains("if-range"), head.fields.count(of: "content-range") == 1,
            let value = head.fields["content-range"]
        else { return nil }
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].equalsIgnoringCase("bytes") else { return nil }
        let parts = words[1].split(separator: "/", omittingEmptySubsequences: false)
        let bounds = parts.first?.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) } ?? []
        guard parts.count == 2, bounds.count == 2, let first = bounds[0], let last = bounds[1], first >= 0,
            first <= last,
            last < .max, parts[1] == "*" || Int(parts[1]).map({ last < $0 }) ?? false
        else { return nil }
        if let length = head.fields["content-length"], Int(length) != last - first + 1 { return nil }
        self.range = first..<last + 1
    }
}
