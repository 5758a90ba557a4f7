// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// An image, or what was sent as one.
struct Image: Sendable {
    enum Format: Sendable { case jpeg, png, webp, gif }

    let bytes: ByteBuffer

    /// What the first bytes say; nil if they say nothing.
    var format: Format? {
        let start = Array(self.bytes.readableBytesView.prefix(12))
        return if start.starts(with: [0xFF, 0xD8, 0xFF]) {
            .jpeg
        } else if start.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            .png
        } else if start.starts(with: "RIFF".utf8), start.dropFirst(8).elementsEqual("WEBP".utf8) {
            .webp
        } else if start.starts(with: "GIF8".utf8) {
            .gif
        } else {
            nil
        }
    }

    /// The same number for the same bytes: FNV-1a, eight bytes at a time.
    var hash: UInt64 {
        self.bytes.withUnsafeReadableBytes { bytes in
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            var offset = 0
            while offset + 8 <= bytes.count {
                hash = Self.mixed(hash, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                offset += 8
            }
            while offset < bytes.count {
                hash = Self.mixed(hash, UInt64(bytes[offset]))
                offset += 1
            }
            return hash
        }
    }

    private static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word) &* 0x0000_0100_0000_01B3
        return product ^ (product >> 29)
    }
}
