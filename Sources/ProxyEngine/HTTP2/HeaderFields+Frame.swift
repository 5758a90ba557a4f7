// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOHPACK

extension RequestHead {
    /// Whether it can go by HTTP/2 as it is; if not it goes by HTTP/1.1. The codec knows text only: other octets would go
    /// on as something else.
    var goesByHTTP2: Bool { self.fields.areUTF8 && self.fields.fitOneFrame(with: self.target) }
}

extension HeaderFields {
    /// What every peer takes at once (RFC 9113, 4.2), without what is still to be added: pseudo-fields, a date, a length.
    private static let room = FrameHead.maxLength - 512

    /// Whether they can be sent to an upstream whose settings may not have come yet. At a head in a frame that is longer
    /// than those of an upstream may be the codec would end the connection, with all that others have asked for on it.
    ///
    /// - Parameter target: Of a request: there it is a field too.
    func fitOneFrame(with target: String = "") -> Bool {
        // No octet has a code of more than 30 bits, and what a field costs besides is less than four times `: ` and CRLF.
        let isShort = (self.wireLength + target.utf8.count) * 4 <= Self.room
        return isShort || self.codedLength(with: target) <= Self.room
    }

    /// In a header section at most: less, if the peer remembers some of them.
    private func codedLength(with target: String) -> Int {
        var encoder = HPACKEncoder(allocator: ByteBufferAllocator(), maxDynamicTableSize: 0)
        var (section, buffer) = (HPACKHeaders([(":path", target)]), ByteBuffer())
        section.add(self)
        do {
            try encoder.encode(headers: section, to: &buffer)
            return buffer.readableBytes
        } catch {
            return .max
        }
    }
}
