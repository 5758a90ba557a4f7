// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import TestSupport
import Testing

@testable import CacheFile

@Suite("What is known of the file")
struct FileStateTests {
    private let key = CacheKey.numbered(1)
    private let answer = Archived(Samples.response("new"), of: Samples.request(1))

    /// What a look-up brings that is on its way while something happens to the file.
    private func found(_ happens: (inout CacheFile.State) -> Void) async -> (count: Int, state: CacheFile.State) {
        var state = CacheFile.State(hashes: [self.key.hash])
        let found = await withCheckedContinuation { waiter in
            guard case .read = state.loads.add(waiter, for: self.key, at: .now) else {
                return waiter.resume(returning: [])
            }
            happens(&state)
            let (waiters, isOutdated) = state.loads.end(self.key)
            for waiter in waiters { waiter.resume(returning: isOutdated ? [] : [self.answer]) }
        }
        return (found.count, state)
    }

    @Test("lets a look-up bring what is there")
    func untouched() async {
        #expect(await self.found { _ in }.count == 1)
        #expect(await self.found { $0.remove(CacheKey.numbered(2)) }.count == 1)
    }

    @Test("outdates a look-up whose key is removed, though it be kept again")
    func removed() async {
        let (count, state) = await self.found {
            $0.remove(self.key)
            $0.keep(self.answer, for: self.key)
        }
        #expect(count == 0)
        #expect(state.hashes.contains(self.key.hash) && state.journal.replaces(self.key))
    }

    @Test("outdates a look-up of what has no room for its successor")
    func dropped() async {
        let (count, state) = await self.found {
            $0.journal = Journal(limit: 1)
            $0.keep(self.answer, for: self.key)
        }
        #expect(count == 0)
        #expect(state.dropped == 1 && state.hashes.isEmpty && state.journal.replaces(self.key))
    }

    @Test("outdates a look-up of what a failed batch should have replaced")
    func failed() async {
        let (count, state) = await self.found {
            $0.writing.add(.keep(self.key, self.answer))
            $0.lose()
        }
        #expect(count == 0)
        #expect(state.dropped == 1 && state.hashes.isEmpty && state.journal.replaces(self.key))
    }

    @Test("outdates the look-up of that key only")
    func ofThatKey() async {
        var loads = PendingLoads()
        let found = await withCheckedContinuation { waiter in
            guard case .read = loads.add(waiter, for: self.key, at: .now) else { return waiter.resume(returning: []) }
            loads.outdate(CacheKey.numbered(2))
            loads.outdate(self.key)
            let (waiters, isOutdated) = loads.end(self.key)
            #expect(waiters.count == 1 && isOutdated)
            for waiter in waiters { waiter.resume(returning: []) }
        }
        #expect(found.isEmpty)
    }
}
