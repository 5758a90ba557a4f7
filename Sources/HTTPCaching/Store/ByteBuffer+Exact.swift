// SPDX-License-Identifier: Apache-2.0

@_spi(CustomByteBufferAllocator) import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension ByteBuffer {
    /// An empty buffer with room for exactly so many octets. Others have room for the next power of two, which is up to
    /// twice as much and would be kept for as long as the answer.
    init(exactly capacity: Int) {
        guard capacity > 0, let memory = malloc(capacity) else {
            self.init()
            return
        }
        self.init(
            takingOwnershipOf: UnsafeMutableRawBufferPointer(start: memory, count: capacity),
            // It frees what malloc gave.
            allocator: ByteBufferAllocator(),
            readerIndex: 0,
            writerIndex: 0
        )
    }
}
