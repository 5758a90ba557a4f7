// SPDX-License-Identifier: Apache-2.0

/// Keys with the request that asks for them next; the latest comes out first.
struct MaximumHeap {
    private var elements: [(use: Int, key: UInt64)] = []

    mutating func push(use: Int, key: UInt64) {
        self.elements.append((use, key))
        var child = self.elements.count - 1
        while child > 0, self.elements[(child - 1) / 2].use < self.elements[child].use {
            self.elements.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popMaximum() -> (use: Int, key: UInt64)? {
        guard let first = self.elements.first, let last = self.elements.popLast() else { return nil }
        guard !self.elements.isEmpty else { return first }
        self.elements[0] = last
        var parent = 0
        while true {
            var largest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < self.elements.count && self.elements[child].use > self.elements[largest].use {
                largest = child
            }
            guard largest != parent else { return first }
            self.elements.swapAt(parent, largest)
            parent = largest
        }
    }
}
