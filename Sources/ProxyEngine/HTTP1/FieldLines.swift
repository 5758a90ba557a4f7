// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Field lines, as strict as RFC 9112, 5 and RFC 9110, 5.5 allow: what passes here has one meaning only.
enum FieldLines {
    /// Reads all lines of a section that ends where `bytes` ends; every line ends in CRLF.
    static func parse(
        _ bytes: UnsafeRawBufferPointer,
        maxFields: Int
    ) throws(HTTP1Error) -> HeaderFields {
        // An average line is 40 octets; the guess only decides how often the table grows.
        var fields = HeaderFields(reservingBytes: bytes.count + 160, fields: min(bytes.count / 32 + 6, maxFields))
        var start = 0
        while start < bytes.count {
            guard fields.count < maxFields else { throw .headTooLarge }
            guard let end = bytes[start...].firstIndex(of: 0x0D) else { throw .malformed("a field line has no end") }
            guard end + 1 < bytes.count, bytes[end + 1] == 0x0A else {
                throw .malformed("a carriage return stands within a line")
            }
            try Self.parseLine(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &fields)
            start = end + 2
        }
        return fields
    }

    /// What comes after the way through CGI variables in place of the field of the right name, as
    /// `Content_Length` does, is not passed on.
    static func isLookalike(_ name: String) -> Bool {
        guard name.utf8.contains(0x5F) else { return false }
        let dashed = String(decoding: name.utf8.map { $0 == 0x5F ? 0x2D : $0 }, as: UTF8.self)
        return Self.imitated.contains { dashed.equalsIgnoringCase($0) }
    }

    private static let imitated = [
        "content-length", "transfer-encoding", "content-type", "content-encoding", "proxy-authorization",
        "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
    ]

    private static func parseLine(
        _ line: UnsafeRawBufferPointer,
        into fields: inout HeaderFields
    ) throws(HTTP1Error) {
        var colon = 0
        var hasUnderscore = false
        while colon < line.count, line[colon].isTokenCharacter {
            hasUnderscore = hasUnderscore || line[colon] == 0x5F
            colon += 1
        }
        guard colon > 0 else {
            throw .malformed(
                line.first == 0x20 || line.first == 0x09 ? "a field is folded over two lines" : "a field has no name"
            )
        }
        guard colon < line.count, line[colon] == 0x3A else { throw .malformed("a field name is not a token") }
        guard colon <= UInt16.max else { throw .headTooLarge }
        var start = colon + 1
        var end = line.count
        while start < end, line[start] == 0x20 || line[start] == 0x09 { start += 1 }
        while end > start, line[end - 1] == 0x20 || line[end - 1] == 0x09 { end -= 1 }
        for byte in line[start..<end] where byte < 0x20 && byte != 0x09 || byte == 0x7F {
            throw .malformed("a field value has a control character")
        }
        if hasUnderscore, Self.isLookalike(String(decoding: line[0..<colon], as: UTF8.self)) { return }
        fields.add(
            name: UnsafeRawBufferPointer(rebasing: line[0..<colon]),
            value: UnsafeRawBufferPointer(rebasing: line[start..<end])
        )
    }
}
