// SPDX-License-Identifier: Apache-2.0

package import NIOCore

extension MultipartForm {
    /// The value of `Content-Type` for a form with this boundary.
    package static func contentType(boundary: String) -> String {
        let isToken = boundary.utf8.allSatisfy(\.isTokenCharacter)
        return "multipart/form-data; boundary=" + (isToken ? boundary : "\"\(boundary)\"")
    }

    /// The form as one content.
    ///
    /// - Parameter boundary: 1 to 70 of the characters that RFC 2046, 5.1.1 permits, random enough to stand nowhere in
    ///   the contents.
    package func serialized(boundary: String) -> ByteBuffer {
        let around = boundary.utf8.count + 8
        var buffer = ByteBuffer()
        buffer.reserveCapacity(
            self.parts.reduce(around) { $0 + $1.fields.wireLength + $1.content.readableBytes + around }
        )
        for part in self.parts {
            buffer.writeString("--\(boundary)\r\n")
            part.fields.write(to: &buffer)
            buffer.writeStaticString("\r\n")
            buffer.writeImmutableBuffer(part.content)
            buffer.writeStaticString("\r\n")
        }
        buffer.writeString("--\(boundary)--\r\n")
        return buffer
    }
}
