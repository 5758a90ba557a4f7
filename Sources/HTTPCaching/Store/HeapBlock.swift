// SPDX-License-Identifier: Apache-2.0

/// What memory costs that is asked for in one piece.
enum HeapBlock {
    /// The octets that the allocator takes for so many: eight of its own, in steps of sixteen, at least 32, as glibc
    /// does. What is 128 KiB or more, it takes from the system in pages.
    static func size(_ octets: Int) -> Int {
        octets < 128 << 10 ? max(32, (octets + 8 + 15) & ~15) : (octets + 16 + 4095) & ~4095
    }
}
