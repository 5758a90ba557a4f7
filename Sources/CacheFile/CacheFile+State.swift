// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage

extension CacheFile {
    /// What is in the file, will be, and is on its way from it.
    struct State: Sendable {
        /// Nil once it is closed, or turned out to be damaged.
        var database: CacheDatabase?
        /// Parts of the keys of what is there, and of what will be when the journal is written.
        var hashes: Set<UInt64> = []
        var journal = Journal()
        /// The batch that is being written.
        var writing = Journal()
        var loads = PendingLoads()
        var isFailing = false
        /// Answers that were not kept.
        var dropped = 0

        /// Keeps an answer with the next batch, if there is room in it.
        mutating func keep(_ archived: Archived, for key: CacheKey) {
            if self.journal.add(.keep(key, archived)) {
                self.hashes.insert(key.hash)
            } else {
                self.dropped += 1
                // What is there is out of date.
                self.remove(key)
            }
        }

        mutating func remove(_ key: CacheKey) { if self.letGo(of: key) { self.journal.add(.remove(key)) } }

        /// Whatever the file has for a key, or a look-up is about to bring, counts no more.
        ///
        /// - Returns: Whether there may be anything in the file.
        @discardableResult
        mutating func letGo(of key: CacheKey) -> Bool {
            self.loads.outdate(key)
            return self.hashes.remove(key.hash) != nil
        }

        /// The batch could not be written: what should have gone still has to go, and so does what came in its place.
        mutating func lose() {
            var journal = Journal(afterFailing: self.writing)
            journal.add(contentsOf: self.journal)
            for case .keep(let key, _) in self.writing.changes {
                self.dropped += 1
                if !journal.keeps(key) { self.letGo(of: key) }
            }
            self.writing = Journal()
            self.journal = journal
        }
    }
}
