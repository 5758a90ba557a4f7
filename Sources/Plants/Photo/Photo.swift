// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// One image as the caller sent it.
struct Photo: Sendable, Equatable {
    let format: ImageFormat
    let content: ByteBuffer

    /// - Parameter position: Among the images of the request, from 1; for the messages.
    init(_ content: ByteBuffer, position: Int, limit: Int) throws(CallerError) {
        guard content.readableBytes > 0 else {
            throw CallerError(.badRequest, "image \(position) is empty")
        }
        guard content.readableBytes <= limit else {
            throw CallerError(
                .contentTooLarge,
                "image \(position) has \(content.readableBytes) bytes, and \(limit) are allowed"
            )
        }
        guard let format = ImageFormat(sniffing: content) else {
            throw CallerError(.unsupportedImage, "image \(position) is neither JPEG, PNG nor WebP")
        }
        self.format = format
        self.content = content
    }
}

extension ImageFormat {
    private static let jpegStart: [UInt8] = [0xFF, 0xD8, 0xFF]
    private static let pngStart: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

    /// The kind that the first bytes show. What a sender declares is often wrong, and an API bills for a wrong image too.
    init?(sniffing content: ByteBuffer) {
        let bytes = content.readableBytesView
        if bytes.starts(with: Self.jpegStart) {
            self = .jpeg
        } else if bytes.starts(with: Self.pngStart) {
            self = .png
        } else if bytes.starts(with: "RIFF".utf8), bytes.dropFirst(8).starts(with: "WEBP".utf8) {
            self = .webp
        } else {
            return nil
        }
    }

    /// What a file of this kind is called.
    var fileExtension: String { self == .jpeg ? "jpg" : self.rawValue }
}
