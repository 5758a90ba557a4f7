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
        // Whose it is may stand in the journal beside the file only.
        guard try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0 else {
            throw DatabaseError(resultCode: .SQLITE_NOTADB, message: "it belongs to something else")
        }
        try database.inTransaction {
            try database.execute(
                sql: """
                    CREATE TABLE entry (
                        id INTEGER PRIMARY KEY, key BLOB NOT NULL, variant INTEGER NOT NULL,
                        upstream TEXT NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL,
                        status INTEGER NOT NULL, size INTEGER NOT NULL, stored INTEGER NOT NULL,
                        fresh INTEGER NOT NULL, retained INTEGER NOT NULL, used INTEGER NOT NULL,
                        record BLOB NOT NULL, UNIQUE (key, variant)
                    );
                    CREATE TABLE tag (
                        name TEXT NOT NULL, entry INTEGER NOT NULL REFERENCES entry (id) ON DELETE CASCADE,
                        PRIMARY KEY (name, entry)
                    ) WITHOUT ROWID;
                    CREATE INDEX tag_entry ON tag (entry);
                    CREATE INDEX entry_place ON entry (upstream, target);
                    CREATE INDEX entry_retained ON entry (retained);
                    CREATE INDEX entry_used ON entry (used, upstream);
                    CREATE INDEX entry_size ON entry (upstream, size);
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

    /// What was found for a key, the newest first, and how many records of it were not whole.
    typealias Found = (whole: [Archived], broken: Int)

    /// - Parameter done: Called later, on a thread that may wait.
    func load(_ key: CacheKey, _ done: @escaping @Sendable (Result<Found, any Error>) -> Void) {
        self.pool.asyncRead { database in
            done(Result { try Self.load(key, from: try database.get(), clock: .now) })
        }
    }

    private static func load(_ key: CacheKey, from database: Database, clock: WallClock) throws -> Found {
        var found: Found = ([], 0)
        let rows = try Row.fetchCursor(
            database,
            sql: "SELECT record FROM entry WHERE key = ? ORDER BY stored DESC LIMIT ?",
            arguments: [Data(key.digest), MemoryStore.variantLimit]
        )
        while let row = try rows.next() {
            let record = (row[0] as Data).withUnsafeBytes { EntryRecord($0, clock: clock) }
            if let record, record.key == key {
                found.whole.append(Archived(record.response, of: record.request))
            } else {
                found.broken += 1
            }
        }
        return found
    }

    /// Runs a query on a thread that may wait.
    func read<Result: Sendable>(_ query: @escaping @Sendable (Database) throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            self.pool.asyncRead { database in
                continuation.resume(with: Swift.Result { try query(try database.get()) })
            }
        }
    }

    // MARK: Writing

    /// Runs one piece of work after the other, on a thread that may wait.
    func write(_ work: @escaping @Sendable (Writing) -> Void) {
        self.pool.asyncWriteWithoutTransaction { work(Writing(database: $0)) }
    }
}
