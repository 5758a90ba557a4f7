// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension ByteBuffer {
    /// Where the words begin, counted from the reader index, at `offset` or later. As fast in a debug build as in a
    /// release one: photos are long.
    func offset(of words: String, from offset: Int = 0) -> Int? {
        self.withUnsafeReadableBytes { bytes -> Int? in
            guard let base = bytes.baseAddress, let first = words.utf8.first else { return nil }
            let words = Array(words.utf8)
            var start = offset
            while start + words.count <= bytes.count {
                let room = bytes.count - words.count + 1 - start
                guard let hit = memchr(base + start, Int32(first), room) else { return nil }
                if memcmp(hit, words, words.count) == 0 { return UnsafeRawPointer(hit) - base }
                start = UnsafeRawPointer(hit) - base + 1
            }
            return nil
        }
    }

    /// The bytes of a range, counted from the reader index; nothing where there are none.
    func bytes(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
