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
    private static let interval: Duration = .milliseconds(500)
    /// For how long a look-up waits for a disk that does not answer.
    private static let patience: Duration = .seconds(2)

    private let state: Mutex<State>
    private let limits: Mutex<Writing.Limits>
    private let logger: Logger
    private let tasks = Mutex<[Task<Void, Never>]>([])
    private let isHeld = Mutex<@Sendable (CacheKey) -> Bool>({ _ in false })

    /// Opens the file, or begins one. What is no cache of ours, or not whole, is set aside under another name.
    ///
    /// - Parameter maxSize: In octets.
    /// - Returns: Nil if there can be no file there; the log says why.
    @concurrent
    package static func open(_ path: String, maxSize: Int, logger: Logger) async -> CacheFile? {
        guard let database = FileOpening(path: path, logger: logger).open() else { return nil }
        do {
            let file = CacheFile(database, hashes: try database.hashes(), maxSize: maxSize, logger: logger)
            file.start()
            return file
        } catch {
            logger.warning("[CACHE] \(path) cannot be read, and is left alone: \(error)")
            return nil
        }
    }

    private init(_ database: CacheDatabase, hashes: Set<UInt64>, maxSize: Int, logger: Logger) {
        self.state = Mutex(State(database: database, hashes: hashes))
        self.limits = Mutex(Writing.Limits(size: maxSize))
        self.logger = logger
    }

    /// How many keys there are.
    package var count: Int { self.state.withLock { $0.hashes.count } }

    /// Answers that were not kept since the disk was too slow, or refused them.
    package var dropped: Int { self.state.withLock { $0.dropped } }

    /// Has the file keep what is in memory too when it has to make room: what is asked for there all day would otherwise
    /// look as if nobody wanted it.
    ///
    /// - Parameter isHeld: Whether memory has a key; called off the event loops.
    package func spare(_ isHeld: @escaping @Sendable (CacheKey) -> Bool) { self.isHeld.withLock { $0 = isHeld } }

    var database: CacheDatabase? { self.state.withLock { $0.database } }

    /// Sets other limits, which hold from the next batch on.
    ///
    /// - Parameter shares: What of the size is an upstream's own, from 0 to 1.
    package func resize(maxSize: Int, shares: [String: Double] = [:]) {
        self.limits.withLock { $0 = Writing.Limits(size: maxSize, shares: shares) }
    }

    // MARK: Changing

    package func keep(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest) {
        self.state.withLock { state in
            if state.database != nil { state.keep(Archived(response, of: request), for: key) }
        }
    }

    package func remove(_ key: CacheKey) {
        self.state.withLock { $0.remove(key) }
    }

    package func remove(_ variant: Variant, of key: CacheKey) {
        self.state.withLock { state in
            guard state.hashes.contains(key.hash) else { return }
            state.loads.outdate(key)
            state.journal.add(.removeVariant(key, variant))
        }
    }

    package func removeAll(upstream: String) { self.add(.removeAll(upstream: upstream)) }

    package func removeAll(upstream: String, target: String) {
        self.add(.removeTarget(upstream: upstream, target: target))
    }

    private func add(_ change: Journal.Change) {
        self.state.withLock { state in
            guard state.database != nil else { return }
            state.journal.add(change)
        }
    }

    // MARK: Looking up

    package func mayHold(_ key: CacheKey) -> Bool { self.state.withLock { $0.hashes.contains(key.hash) } }

    package func load(_ key: CacheKey) async -> [Archived] {
        var known: Set<Variant> = []
        let (waiting, database) = self.state.withLock { state -> ([Archived], CacheDatabase?) in
            guard state.hashes.contains(key.hash) else { return ([], nil) }
            var waiting = state.journal.answers(for: key, beside: &known)
            var isAll = state.journal.replaces(key)
            if !isAll {
                waiting += state.writing.answers(for: key, beside: &known)
                isAll = state.writing.replaces(key)
            }
            // Where it varies by nothing, there is nothing to find beside it.
            if let newest = waiting.first, newest.response.variant == Variant([], isUnique: false) { isAll = true }
            return (waiting, isAll ? nil : state.database)
        }
        guard let database else { return waiting }
        let found = await self.read(key, from: database)
        return waiting + found.filter { known.insert($0.response.variant).inserted }
    }

    private func read(_ key: CacheKey, from database: CacheDatabase) async -> [Archived] {
        await withCheckedContinuation { waiter in
            switch self.state.withLock({ $0.loads.add(waiter, for: key, at: .now) }) {
            case .wait: break
            case .refused: waiter.resume(returning: [])
            case .read:
                database.load(key) { result in
                    let found = self.judge(result, key)
                    let (waiters, isOutdated) = self.state.withLock { $0.loads.end(key) }
                    for waiter in waiters { waiter.resume(returning: isOutdated ? [] : found) }
                }
            }
        }
    }

    private func judge(_ result: Result<CacheDatabase.Found, any Error>, _ key: CacheKey) -> [Archived] {
        switch result {
        case .failure(let error):
            self.failed(error)
            return []
        case .success(let found) where found.broken > 0:
            self.logger.warning("[CACHE] a stored answer was not whole, and is not served: \(key.short)...")
            self.remove(key)
            return []
        case .success(let found):
            if !found.whole.isEmpty { self.add(.use(key)) }
            return found.whole
        }
    }

    // MARK: Writing

    /// Two timers: a disk that does not answer holds up the one that writes, and must not hold up those who wait for it.
    private func start() {
        let writing = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                if self.state.withLock({ !$0.journal.changes.isEmpty }) { await self.flush() }
            }
        }
        let watching = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.interval)
                let late = self.state.withLock { $0.loads.expire(before: .now - Self.patience) }
                for waiter in late { waiter.resume(returning: []) }
            }
        }
        self.tasks.withLock { $0 = [writing, watching] }
    }

    /// Writes what waits, and returns when that is done, or has failed.
    package func flush() async {
        guard let database = self.database else { return }
        await withCheckedContinuation { continuation in
            database.write { writing in
                self.write(by: writing)
                continuation.resume()
            }
        }
    }

    /// Writes what waits, and lets go of the file. Nothing is kept afterwards.
    package func close() async {
        let tasks = self.tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        await self.flush()
        let (database, waiters) = self.state.withLock { state in
            state.hashes = []
            return (state.database.take(), state.loads.expire(before: .now))
        }
        for waiter in waiters { waiter.resume(returning: []) }
        database?.close()
    }

    /// Called for one batch after the other.
    func write(by writing: Writing) {
        let changes = self.state.withLock { state in
            state.writing = state.journal
            state.journal = Journal()
            return state.writing.changes
        }
        guard !changes.isEmpty else { return }
        let isHeld: @Sendable (CacheKey) -> Bool = self.isHeld.withLock { $0 }
        do {
            let gone = try writing.apply(
                changes,
                within: self.limits.withLock { $0 },
                clock: .now,
                isHeld: isHeld
            )
            self.written(gone)
        } catch {
            self.state.withLock { $0.lose() }
            self.failed(error)
        }
    }

    /// What is neither there nor waits to be.
    func forget(_ gone: [CacheKey]) {
        self.state.withLock { state in
            for key in gone where !state.journal.keeps(key) { state.letGo(of: key) }
        }
    }

    private func written(_ gone: [CacheKey]) {
        self.forget(gone)
        let wasFailing = self.state.withLock { state in
            state.writing = Journal()
            defer { state.isFailing = false }
            return state.isFailing
        }
        if wasFailing { self.logger.notice("[CACHE] the cache file can be written again") }
    }

    /// A file that turns out not to be whole is not used any more; the next start sets it aside.
    func failed(_ error: any Error) {
        let isDamage = (error as? DatabaseError)?.isDamage == true
        let isNew = self.state.withLock { state in
            defer { state.isFailing = true }
            guard isDamage else { return !state.isFailing && state.database != nil }
            state.hashes = []
            state.journal = Journal()
            return state.database.take() != nil
        }
        guard isNew else { return }
        if isDamage {
            self.logger.warning("[CACHE] the cache file is damaged, and not used until the next start: \(error)")
        } else {
            self.logger.warning("[CACHE] the cache file cannot be used at the moment: \(error)")
        }
    }
}

extension DatabaseError {
    /// Whether it is the file's fault.
    var isDamage: Bool { [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(self.resultCode) }
}
