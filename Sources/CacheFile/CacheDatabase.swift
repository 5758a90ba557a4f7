// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import HTTPCaching
import HTTPMessage
import NIOCore

/// The tables of the file. Every function blocks, and is called off the event loops.
struct CacheDatabase: Sendable {
    /// "WBrk": by it a file that is somebody else's is told from ours (`PRAGMA application_id`).
    static let applicationID: UInt32 = 0x5742_726B
    static let schemaVersion: UInt32 = 1

    /// One writer, and readers that do not wait for it.
    let pool: DatabasePool

    /// - Throws: `DatabaseError` when the file is not whole, or cannot be used.
    init(opening path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        configuration.label = "windbreak.cache"
        configuration.prepareDatabase { database in
            // What was committed survives the end of the process; a loss of power may take the last moments.
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            try database.execute(sql: "PRAGMA journal_size_limit = 16777216")
            guard !database.configuration.readonly else { return }
            // Of use in a new file only: what was removed can be given back to the system.
            try database.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL")
        }
        self.pool = try DatabasePool(path: path, configuration: configuration)
        try self.pool.writeWithoutTransaction { database in
            guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            try Self.createTables(database)
        }
    }

    private static func createTables(_ database: Database) throws {
        let version = try UInt32.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard version != Self.schemaVersion else { return }
        try database.inTransaction {
            try database.execute(
                sql: """
                    CREATE TABLE entry (
                        id INTEGER PRIMARY KEY, key BLOB NOT NULL, variant INTEGER NOT NULL,
                        upstream TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, tags TEXT NOT NULL,
                        stored INTEGER NOT NULL, retained INTEGER NOT NULL, used INTEGER NOT NULL,
                        record BLOB NOT NULL, UNIQUE (key, variant)
                    );
                    CREATE INDEX entry_place ON entry (upstream, target);
                    CREATE INDEX entry_retained ON entry (retained);
                    CREATE INDEX entry_used ON entry (used);
                    PRAGMA application_id = \(Self.applicationID);
                    PRAGMA user_version = \(Self.schemaVersion);
                    """
            )
            return .commit
        }
        // From now on the file itself says whose it is, though the process end in the next moment.
        try database.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
    }

    /// Puts everything into the file itself, as far as nobody else uses it, and lets go of it.
    func close() {
        try? self.pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try? self.pool.close()
    }

    // MARK: Reading

    /// The parts of all keys that tables go by.
    func hashes() throws -> Set<UInt64> {
        try self.pool.read { database in
            var hashes: Set<UInt64> = []
            let rows = try Row.fetchCursor(database, sql: "SELECT key FROM entry")
            while let row = try rows.next() {
                guard let key = CacheKey([UInt8](row[0] as Data)) else { continue }
                hashes.insert(key.hash)
            }
            return hashes
        }
    }

    /// What is there for a key, the newest first, and how many records of it were not whole.
    func load(_ key: CacheKey, clock: WallClock) async throws -> (found: [Archived], broken: Int) {
        try await self.pool.read { database in
            var found: [Archived] = []
            var broken = 0
            let rows = try Row.fetchCursor(
                database,
                sql: "SELECT record FROM entry WHERE key = ? ORDER BY stored DESC LIMIT ?",
                arguments: [Data(key.digest), MemoryStore.variantLimit]
            )
            while let row = try rows.next() {
                let record = (row[0] as Data).withUnsafeBytes { EntryRecord($0, clock: clock) }
                if let record, record.key == key {
                    found.append(Archived(record.response, of: record.request))
                } else {
                    broken += 1
                }
            }
            return (found, broken)
        }
    }

    // MARK: Writing

    /// Applies changes in their order, all or none of them, and makes room.
    ///
    /// - Returns: The keys that had to make room.
    func apply(_ changes: [Journal.Change], maxSize: Int, clock: WallClock) throws -> [CacheKey] {
        try self.pool.write { database in
            for change in changes { try Self.apply(change, to: database, clock) }
            var removed = try Self.keys(
                database,
                "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE retained <= ? LIMIT 1000) RETURNING key",
                [clock.sinceEpoch.milliseconds]
            )
            // In steps of a part of the whole, so that there is room for a while.
            while try Self.size(database) > maxSize {
                let oldest = try Self.keys(
                    database,
                    """
                    DELETE FROM entry WHERE id IN (
                        SELECT id FROM entry ORDER BY used LIMIT 1 + (SELECT count(*) FROM entry) / 32
                    ) RETURNING key
                    """
                )
                if oldest.isEmpty { break }
                removed += oldest
            }
            try database.execute(sql: "PRAGMA incremental_vacuum(1000)")
            return removed
        }
    }

    private static func apply(_ change: Journal.Change, to database: Database, _ clock: WallClock) throws {
        switch change {
        case .keep(let key, let archived):
            try self.keep(key, archived.request, archived.response, in: database, clock)
        case .use(let key):
            try database.execute(
                sql: "UPDATE entry SET used = ? WHERE key = ?",
                arguments: [clock.sinceEpoch.milliseconds, Data(key.digest)]
            )
        case .remove(let key):
            try database.execute(sql: "DELETE FROM entry WHERE key = ?", arguments: [Data(key.digest)])
        case .removeAll(let upstream):
            try database.execute(sql: "DELETE FROM entry WHERE upstream = ?", arguments: [upstream])
        case .removeTarget(let upstream, let target):
            try database.execute(
                sql: "DELETE FROM entry WHERE upstream = ? AND target = ?",
                arguments: [upstream, target]
            )
        }
    }

    private static func keep(
        _ key: CacheKey,
        _ request: CachedRequest,
        _ response: StoredResponse,
        in database: Database,
        _ clock: WallClock
    ) throws {
        let record = EntryRecord(key: key, request: request, response: response).encoded(by: clock)
        let stored = clock.sinceEpoch(response.storedAt).milliseconds
        try database.execute(
            sql: """
                INSERT OR REPLACE INTO entry
                    (key, variant, upstream, method, target, tags, stored, retained, used, record)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Data(key.digest), response.variant.number, request.upstream, request.method.rawValue, request.target,
                response.tags.joined(separator: " "), stored, clock.sinceEpoch(response.retainedUntil).milliseconds,
                stored, Data(record.readableBytesView),
            ]
        )
        guard !response.variant.fields.isEmpty else { return }
        try database.execute(
            sql: """
                DELETE FROM entry WHERE key = ?1 AND id NOT IN
                    (SELECT id FROM entry WHERE key = ?1 ORDER BY stored DESC LIMIT ?2)
                """,
            arguments: [Data(key.digest), MemoryStore.variantLimit]
        )
    }

    /// The octets of the file, but for what is free in it.
    private static func size(_ database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT (page_count - freelist_count) * page_size
                    FROM pragma_page_count, pragma_freelist_count, pragma_page_size
                """
        ) ?? 0
    }

    private static func keys(
        _ database: Database,
        _ sql: String,
        _ arguments: StatementArguments = StatementArguments()
    ) throws -> [CacheKey] {
        try Data.fetchAll(database, sql: sql, arguments: arguments).compactMap { CacheKey([UInt8]($0)) }
    }
}
