// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension MultipartForm {
    /// Takes the content of a message apart (RFC 2046, 5.1.1; RFC 7578).
    ///
    /// - Parameter contentType: The message's, with the boundary.
    package init(content: ByteBuffer, contentType: String) throws(MultipartForm.ParseError) {
        guard let type = MediaType(contentType), type.essence == "multipart/form-data" else { throw .notAForm }
        guard let boundary = type[parameter: "boundary"], Self.isBoundary(boundary) else { throw .badBoundary }
        let result = content.withUnsafeReadableBytes { bytes -> Result<MultipartForm, ParseError> in
            // The closure that lends the octets would forget the type of the error.
            var parser = MultipartParser(bytes, of: content, boundary: boundary)
            do throws(ParseError) {
                return .success(try parser.parse())
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// RFC 2046, 5.1.1: 1 to 70 of these, the last no space.
    private static func isBoundary(_ text: String) -> Bool {
        1...70 ~= text.utf8.count && text.utf8.last != 0x20
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x20, 0x27...0x29, 0x2B...0x2F, 0x3A, 0x3D, 0x3F, 0x5F: true
                default: false
                }
            }
    }
}

/// Goes from delimiter to delimiter over octets, which the caller lends for the time of `parse`.
private struct MultipartParser {
    private let bytes: UnsafeRawBufferPointer
    private let content: ByteBuffer
    private let search: DelimiterSearch
    private var position = 0
    private var isPlain = true

    init(_ bytes: UnsafeRawBufferPointer, of content: ByteBuffer, boundary: String) {
        self.bytes = bytes
        self.content = content
        self.search = DelimiterSearch(boundary: boundary)
    }

    mutating func parse() throws(MultipartForm.ParseError) -> MultipartForm {
        try self.findFirstDelimiter()
        var parts: [MultipartForm.Part] = []
        while try self.isPartNext() {
            guard parts.count < MultipartForm.maxParts else { throw .tooManyParts }
            parts.append(try self.part())
        }
        return MultipartForm(parts: parts, isPlain: self.isPlain)
    }

    /// Stops behind the first delimiter, which has no line break before it where nothing stands before it.
    private mutating func findFirstDelimiter() throws(MultipartForm.ParseError) {
        let line = self.search.delimiter.dropFirst(2)
        if self.bytes.count >= line.count, self.bytes.prefix(line.count).elementsEqual(line) {
            self.position = line.count
        } else if let found = self.search.first(in: self.bytes, from: 0) {
            self.isPlain = false
            self.position = found + self.search.delimiter.count
        } else {
            throw .noDelimiter
        }
    }

    /// Reads the rest of a delimiter's line.
    private mutating func isPartNext() throws(MultipartForm.ParseError) -> Bool {
        let isLast = self.at(0) == 0x2D && self.at(1) == 0x2D
        if isLast { self.position += 2 }
        while self.at(0) == 0x20 || self.at(0) == 0x09 {
            self.isPlain = false
            self.position += 1
        }
        if isLast, self.position == self.bytes.count { return false }
        guard self.at(0) != nil, !(self.at(0) == 0x0D && self.at(1) == nil) else { throw .unfinished }
        guard self.at(0) == 0x0D, self.at(1) == 0x0A else { throw .ambiguousDelimiter }
        self.position += 2
        if isLast, self.position < self.bytes.count { self.isPlain = false }
        return !isLast
    }

    private mutating func part() throws(MultipartForm.ParseError) -> MultipartForm.Part {
        let fields = try self.head()
        var disposition: ContentDisposition?
        if let value = fields["content-disposition"] {
            guard fields.count(of: "content-disposition") == 1, let parsed = ContentDisposition(value) else {
                throw .badPartHead
            }
            disposition = parsed
        }
        // The empty line after the head may be the one before the delimiter: then there is no content.
        guard let end = self.search.first(in: self.bytes, from: self.position - 2) else { throw .unfinished }
        if end < self.position { self.isPlain = false }
        let length = max(0, end - self.position)
        guard let slice = self.content.getSlice(at: self.content.readerIndex + self.position, length: length) else {
            throw .unfinished
        }
        self.position = end + self.search.delimiter.count
        return .init(fields: fields, name: disposition?.name, filename: disposition?.filename, content: slice)
    }

    /// Reads the lines up to an empty one.
    private mutating func head() throws(MultipartForm.ParseError) -> HeaderFields {
        var fields = HeaderFields()
        let limit = min(self.bytes.count, self.position + MultipartForm.maxPartHead)
        while true {
            let start = self.position
            while self.position < limit, self.bytes[self.position] != 0x0D { self.position += 1 }
            guard self.position + 1 < limit else {
                throw limit == self.bytes.count ? .unfinished : .partHeadTooLarge
            }
            guard self.bytes[self.position + 1] == 0x0A else { throw .badPartHead }
            let line = UnsafeRawBufferPointer(rebasing: self.bytes[start..<self.position])
            self.position += 2
            if line.isEmpty { return fields }
            guard Self.add(line, to: &fields) else { throw .badPartHead }
        }
    }

    private static func add(_ line: UnsafeRawBufferPointer, to fields: inout HeaderFields) -> Bool {
        guard let colon = line.firstIndex(of: 0x3A), colon > 0, line[..<colon].allSatisfy(\.isTokenCharacter) else {
            return false
        }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
        while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
        guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { return false }
        fields.add(
            name: UnsafeRawBufferPointer(rebasing: line[..<colon]),
            value: UnsafeRawBufferPointer(rebasing: value)
        )
        return true
    }

    private func at(_ offset: Int) -> UInt8? {
        self.position + offset < self.bytes.count ? self.bytes[self.position + offset] : nil
    }
}
