// SPDX-License-Identifier: Apache-2.0

import NIOCore

extension ByteStream {
    /// Queues a piece of content as a chunk (RFC 9112, 7.1).
    ///
    /// An empty piece is none: a chunk of size 0 is the end, and what followed it would be taken for another message.
    func writeChunk(_ piece: ByteBuffer) {
        guard piece.readableBytes > 0 else { return }
        self.write(ByteBuffer(string: String(piece.readableBytes, radix: 16) + "\r\n"))
        self.write(piece)
        self.write(ByteBuffer(staticString: "\r\n"))
    }
}
