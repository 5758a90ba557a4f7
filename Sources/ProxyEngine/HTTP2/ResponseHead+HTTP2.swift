// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOHPACK

extension ResponseHead {
    /// The response as HTTP/1.1 would have it. What RFC 9113, 8.2 and 8.3, say of names and pseudo-fields was checked
    /// where the section was received.
    init(_ section: HPACKHeaders) throws(HTTP1Error) {
        guard section.count <= HeadLimits.response.count else { throw .headTooLarge }
        var fields = HeaderFields(reservingBytes: 512, fields: section.count)
        var status = 0
        for (name, value, _) in section {
            if name == ":status" {
                guard value.utf8.count == 3, let number = Int(value), 100...599 ~= number, number != 101 else {
                    throw .malformed("the status is not a number from 100 to 599")
                }
                status = number
            } else {
                guard value.utf8.isFieldValue else { throw .malformed("a field value has a control character") }
                guard !value.utf8.hasReplacement else { throw .malformed("a field value is not UTF-8") }
                if !FieldLines.isLookalike(name) { fields.add(name, value) }
            }
        }
        guard status > 0 else { throw .malformed("the answer has no status") }
        // The codec takes for a number what is none, and looks at none where there is no content.
        _ = try BodyFraming.contentLength(fields, tolerateRepetition: true)
        self.init(status, fields: fields, version: .http2)
    }
}
