// SPDX-License-Identifier: Apache-2.0

import HTTPCaching

/// The room that the content of one request takes while it is held in memory for its key, until its exchange is over: a
/// share of what answers that come may take together.
final class ContentRoom {
    private let store: MemoryStore
    private var taken = 0

    init(_ store: MemoryStore) { self.store = store }

    deinit { self.store.expectNoMore(self.taken) }

    /// - Returns: Whether there was room for so many octets more.
    func take(_ octets: Int) -> Bool {
        guard self.store.expect(octets) else { return false }
        self.taken += octets
        return true
    }
}
