// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// The content of a `multipart/form-data` message (RFC 7578): fields and files, in order.
///
/// The contents of the parts are slices of the message's, so that a form with photos costs nothing to take apart.
package struct MultipartForm: Sendable {
    package static let maxParts = 256
    /// The largest head of one part, in octets.
    package static let maxPartHead = 16 << 10

    package var parts: [Part]
    /// Whether nothing stands between, before and after the parts but the delimiters: no preamble, no epilogue, no
    /// padding. Only then is it certain that every reader sees the same parts.
    package let isPlain: Bool

    package init(parts: [Part]) {
        self.init(parts: parts, isPlain: true)
    }

    init(parts: [Part], isPlain: Bool) {
        self.parts = parts
        self.isPlain = isPlain
    }

    package struct Part: Sendable {
        package let fields: HeaderFields
        /// The `name` of `Content-Disposition`, decoded.
        package let name: String?
        /// The `filename` of `Content-Disposition`, decoded. A client's word: never a path to write to.
        package let filename: String?
        package let content: ByteBuffer

        /// A form field, or a file if it has a name for one.
        package init(name: String, filename: String? = nil, contentType: String? = nil, content: ByteBuffer) {
            var disposition = "form-data; name=\"\(ContentDisposition.escape(name))\""
            if let filename { disposition += "; filename=\"\(ContentDisposition.escape(filename))\"" }
            var fields = HeaderFields()
            fields.add("Content-Disposition", disposition)
            if let contentType { fields.add("Content-Type", contentType) }
            self.init(fields: fields, name: name, filename: filename, content: content)
        }

        init(fields: HeaderFields, name: String?, filename: String?, content: ByteBuffer) {
            self.fields = fields
            self.name = name
            self.filename = filename
            self.content = content
        }
    }

    package enum ParseError: String, Error, CustomStringConvertible {
        case notAForm = "the media type is not multipart/form-data"
        case badBoundary = "the media type has no boundary of 1 to 70 permitted characters"
        case noDelimiter = "the content has no line with the boundary"
        case ambiguousDelimiter = "a line begins with the boundary and goes on"
        case unfinished = "the content ends before the last delimiter"
        case tooManyParts = "the form has more than 256 parts"
        case partHeadTooLarge = "the head of a part is larger than 16 KiB"
        case badPartHead = "the head of a part is malformed"

        package var description: String { self.rawValue }
    }
}
