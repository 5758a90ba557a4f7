// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A fixed row of counters that every thread may add to: no lock, no look-up, one atomic instruction.
///
/// They only ever grow, each by itself; a reader may see one of two related counters a moment before the other.
struct Counters: ~Copyable, Sendable {
    let count: Int
    // The pointer is set once, what it points at lives exactly as long as this value, which cannot be copied, and is
    // only ever reached through atomic operations: so threads may share it.
    private nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>

    init(count: Int) {
        self.count = count
        self.cells = .allocate(capacity: count)
        for index in 0..<count { (self.cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        self.cells.deinitialize(count: self.count)
        self.cells.deallocate()
    }

    func add(_ amount: UInt64 = 1, at index: Int) {
        precondition(index >= 0 && index < self.count)
        self.cells[index].wrappingAdd(amount, ordering: .relaxed)
    }

    subscript(index: Int) -> UInt64 {
        precondition(index >= 0 && index < self.count)
        return self.cells[index].load(ordering: .relaxed)
    }
}
