// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOHPACK

/// Why a head cannot go by HTTP/2 as it is. It goes by HTTP/1.1 where there is a choice; of trailers, which anybody may
/// leave out (RFC 9110, 6.5.1), what cannot go is left out; anything else is refused.
enum HTTP2Obstacle: String {
    /// The codec knows text only: other octets would go on, and come, as something else.
    case notUTF8 = "a field value of the answer is not UTF-8"
    /// The codec writes a head in one frame. At one that is longer it would end the connection, with all that others have
    /// asked for on it.
    case tooLong = "the head of the answer is too long for one frame"
}

extension HeaderFields {
    /// - Parameter target: Of a request: there it is a field too.
    func obstacleToHTTP2(target: String = "") -> HTTP2Obstacle? {
        guard self.areUTF8 else { return .notUTF8 }
        // No octet has a code of more than 30 bits, and what a field costs besides is less than four times `: ` and CRLF.
        let isShort = (self.wireLength + target.utf8.count) * 4 <= Self.frame
        return isShort || self.codedLength(with: target) <= Self.frame ? nil : .tooLong
    }

    /// What every peer takes at once (RFC 9113, 4.2), without what is still to be added: pseudo-fields, a date, a length.
    private static let frame = (16 << 10) - 512

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
