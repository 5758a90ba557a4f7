// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import HTTPCaching
import HTTPMessage
import NIOCore

/// The one connection that writes, for as long as a piece of work has it.
struct Writing {
    struct Limits: Sendable {
        /// In octets.
        var size: Int
        /// What of it is an upstream's own, from 0 to 1. Others have the rest, together.
        var shares: [String: Double] = [:]
    }

    let database: Database

    /// Applies changes in their order, all or none of them, and makes room.
    ///
    /// - Parameter isHeld: Whether an entry is in memory too, and so is asked for without the file's knowing of it.
    /// - Returns: The keys of which nothing is left, those aside that the changes themselves remove one by one.
    func apply(
        _ changes: [Journal.Change],
        within limits: Limits,
        clock: WallClock,
        isHeld: (CacheKey) -> Bool
    ) throws -> [CacheKey] {
        var gone: [CacheKey] = []
        try self.database.inTransaction {
            var removed: Set<CacheKey> = []
            for change in changes { removed.formUnion(try self.apply(change, clock)) }
            removed.formUnion(
                try self.keys(
                    "DELETE FROM entry WHERE id IN (SELECT id FROM entry WHERE retained <= ? LIMIT 1000) RETURNING key",
                    [clock.sinceEpoch.milliseconds]
                )
            )
            removed.formUnion(try self.makeRoom(limits, clock, isHeld))
            gone = try removed.filter { key in
                try Int.fetchOne(
                    self.database,
                    sql: "SELECT 1 FROM entry WHERE key = ?",
                    arguments: [Data(key.digest)]
                ) == nil
            }
            return .commit
        }
        return gone
    }

    /// - Returns: The keys that are gone.
    func remove(_ filter: CacheFilter) throws -> [CacheKey] {
        let condition = filter.condition
        var gone: [CacheKey] = []
        try self.database.inTransaction {
            gone = try self.keys("DELETE FROM entry WHERE \(condition.sql) RETURNING key", condition.arguments)
            return .commit
        }
        return Array(Set(gone))
    }

    private func apply(_ change: Journal.Change, _ clock: WallClock) throws -> [CacheKey] {
        switch change {
        case .keep(let key, let archived):
            try self.keep(key, archived.request, archived.response, clock)
        case .use(let key):
            try self.database.execute(
                sql: "UPDATE entry SET used = ? WHERE key = ?",
                arguments: [clock.sinceEpoch.milliseconds, Data(key.digest)]
            )
        case .remove(let key):
            try self.database.execute(sql: "DELETE FROM entry WHERE key = ?", arguments: [Data(key.digest)])
        case .removeVariant(let key, let variant):
            return try self.keys(
                "DELETE FROM entry WHERE key = ? AND variant = ? RETURNING key",
                [Data(key.digest), variant.number]
            )
        case .removeAll(let upstream):
            return try self.keys("DELETE FROM entry WHERE upstream = ? RETURNING key", [upstream])
        case .removeTarget(let upstream, let target):
            return try self.keys(
                "DELETE FROM entry WHERE upstream = ? AND target = ? RETURNING key",
                [upstream, target]
            )
        case .removeEverything:
            return try self.keys("DELETE FROM entry RETURNING key")
        }
        return []
    }

    private func keep(
        _ key: CacheKey,
        _ request: CachedRequest,
        _ response: StoredResponse,
        _ clock: WallClock
    ) throws {
        let record = EntryRecord(key: key, request: request, response: response).encoded(by: clock)
        let stored = clock.sinceEpoch(response.storedAt).milliseconds
        try self.database.execute(
            sql: """
                INSERT OR REPLACE INTO entry
                    (key, variant, upstream, method, target, status, size, stored, fresh, retained, used, record)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                Data(key.digest), response.variant.number, request.upstream, request.method.rawValue, request.target,
                response.status, response.size, stored, clock.sinceEpoch(response.freshUntil).milliseconds,
                clock.sinceEpoch(response.retainedUntil).milliseconds, clock.sinceEpoch.milliseconds,
                Data(record.readableBytesView),
            ]
        )
        let entry = self.database.lastInsertedRowID
        for tag in response.tags {
            try self.database.execute(
                sql: "INSERT OR IGNORE INTO tag (name, entry) VALUES (?, ?)",
                arguments: [tag, entry]
            )
        }
        guard !response.variant.fields.isEmpty else { return }
        try self.database.execute(
            sql: """
                DELETE FROM entry WHERE key = ?1 AND id NOT IN
                    (SELECT id FROM entry WHERE key = ?1 ORDER BY stored DESC LIMIT ?2)
                """,
            arguments: [Data(key.digest), MemoryStore.variantLimit]
        )
    }

    func keys(_ sql: String, _ arguments: StatementArguments = StatementArguments()) throws -> [CacheKey] {
        try Data.fetchAll(self.database, sql: sql, arguments: arguments).compactMap { CacheKey([UInt8]($0)) }
    }
}
