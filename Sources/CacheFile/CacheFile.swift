// SPDX-License-Identifier: Apache-2.0

import GRDB
package import HTTPCaching
import HTTPMessage
package import Logging
import Synchronization

/// Stored answers in a file, so that a restart finds them again: what was paid for is not paid for twice.
///
/// Changes wait in a journal and are written twice a second, by a task of their own; a process that is killed loses no
/// more than that. A table of what is there spares nearly every miss the way to the disk.
package final class CacheFile: ResponseArchive {
    private struct State: Sendable {
        var database: CacheDatabase?
        /// Parts of the keys of what is there, and of what will be when the journal is written.
        var hashes: Set<UInt64> = []
        var journal = Journal()
        /// The batch that is being written.
        var writing = Journal()
        var loads = 0
    }

    /// Look-ups at once. Who comes then goes on to the upstream, as if nothing were stored.
    private static let maxLoads = 64
    private static let interval: Duration = .milliseconds(500)

    private let state: Mutex<State>
    private let limit: Atomic<Int>
    private let logger: Logger
    private let writer = Writer()
    private let writing = Mutex<Task<Void, Never>?>(nil)

    /// Opens the file, or begins one. What is no cache of ours, or not whole, is set aside under another name.
    ///
    /// - Parameter maxSize: In octets.
    /// - Returns: Nil if there can be no file there; the log says why.
    @concurrent
    package static func open(_ path: String, maxSize: Int, logger: Logger) async -> CacheFile? {
        guard let database = FileOpening(path: path, logger: logger).open() else { return nil }
        do {
            let file = CacheFile(database, hashes: try database.hashes(), maxSize: maxSize, logger: logger)
            file.startWriting()
            return file
        } catch {
            logger.warning("[CACHE] \(path) cannot be read, and is left alone: \(error)")
            return nil
        }
    }

    private init(_ database: CacheDatabase, hashes: Set<UInt64>, maxSize: Int, logger: Logger) {
        self.state = Mutex(State(database: database, hashes: hashes))
        self.limit = Atomic(maxSize)
        self.logger = logger
    }

    /// How many keys there are.
    package var count: Int { self.state.withLock { $0.hashes.count } }

    /// Sets another limit, which holds from the next batch on.
    package func resize(maxSize: Int) { self.limit.store(maxSize, ordering: .relaxed) }

    // MARK: Changing

    package func keep(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest) {
        self.state.withLock { state in
            guard state.database != nil else { return }
            if state.journal.add(.keep(key, Archived(response, of: request))) {
                state.hashes.insert(key.hash)
            } else if state.hashes.remove(key.hash) != nil {
                // What is there is out of date.
                _ = state.journal.add(.remove(key))
            }
        }
    }

    package func remove(_ key: CacheKey) {
        self.state.withLock { state in
            guard state.hashes.remove(key.hash) != nil else { return }
            _ = state.journal.add(.remove(key))
        }
    }

    package func removeAll(upstream: String) { self.add(.removeAll(upstream: upstream)) }

    package func removeAll(upstream: String, target: String) {
        self.add(.removeTarget(upstream: upstream, target: target))
    }

    private func add(_ change: Journal.Change) {
        self.state.withLock { state in
            guard state.database != nil else { return }
            _ = state.journal.add(change)
        }
    }

    // MARK: Looking up

    package func mayHold(_ key: CacheKey) -> Bool { self.state.withLock { $0.hashes.contains(key.hash) } }

    package func load(_ key: CacheKey) async -> [Archived] {
        enum Way {
            case nowhere
            case at(Archived)
            case from(CacheDatabase)
        }
        let way = self.state.withLock { state -> Way in
            if let waiting = state.journal[key] ?? state.writing[key] { return .at(waiting) }
            guard let database = state.database, state.hashes.contains(key.hash), state.loads < Self.maxLoads else {
                return .nowhere
            }
            state.loads += 1
            return .from(database)
        }
        switch way {
        case .nowhere: return []
        case .at(let archived): return [archived]
        case .from(let database):
            defer { self.state.withLock { $0.loads -= 1 } }
            do {
                let (found, broken) = try await database.load(key, clock: .now)
                if broken > 0 {
                    self.logger.warning("[CACHE] a stored answer was not whole, and is not served: \(key.short)...")
                    self.remove(key)
                    return []
                }
                // It may have been removed while it was read.
                guard self.mayHold(key) else { return [] }
                if !found.isEmpty { self.add(.use(key)) }
                return found
            } catch {
                self.failed(error)
                return []
            }
        }
    }

    // MARK: Writing

    private func startWriting() {
        let task = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                await self.flush()
            }
        }
        self.writing.withLock { $0 = task }
    }

    /// Writes what waits.
    package func flush() async {
        await self.writer.write(for: self)
    }

    /// Writes what waits, and lets go of the file. Nothing is kept afterwards.
    package func close() async {
        let task = self.writing.withLock { $0.take() }
        task?.cancel()
        await task?.value
        await self.flush()
        let database = self.state.withLock { state in
            state.hashes = []
            return state.database.take()
        }
        database?.close()
    }

    /// One batch at a time: nothing in it waits, and so no other comes in between.
    private actor Writer {
        func write(for file: CacheFile) { file.writeBatch() }
    }

    private func writeBatch() {
        let database = self.state.withLock { state -> CacheDatabase? in
            guard !state.journal.changes.isEmpty else { return nil }
            state.writing = state.journal
            state.journal = Journal()
            return state.database
        }
        guard let database else { return }
        let changes = self.state.withLock { $0.writing.changes }
        defer { self.state.withLock { $0.writing = Journal() } }
        do {
            let gone = try database.apply(changes, maxSize: self.limit.load(ordering: .relaxed), clock: .now)
            guard !gone.isEmpty else { return }
            self.state.withLock { state in
                for key in gone where state.journal[key] == nil { state.hashes.remove(key.hash) }
            }
        } catch {
            self.failed(error)
        }
    }

    /// A file that turns out not to be whole is not used any more; the next start sets it aside.
    private func failed(_ error: any Error) {
        guard (error as? DatabaseError)?.isDamage == true else {
            return self.logger.warning("[CACHE] the cache file cannot be used at the moment: \(error)")
        }
        let wasOpen = self.state.withLock { state in
            state.hashes = []
            state.journal = Journal()
            return state.database.take() != nil
        }
        if wasOpen {
            self.logger.warning("[CACHE] the cache file is damaged, and not used until the next start: \(error)")
        }
    }
}

extension DatabaseError {
    /// Whether it is the file's fault.
    var isDamage: Bool { [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(self.resultCode) }
}
