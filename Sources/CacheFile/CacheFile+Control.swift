// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
package import HTTPCaching
import HTTPMessage

extension CacheFile {
    package func entries(matching filter: CacheFilter, after key: CacheKey?, limit: Int) async -> [CachedEntry] {
        guard let database = self.database else { return [] }
        do {
            return try await database.read { database in
                try Self.entries(in: database, filter, after: key, limit: limit, .now)
            }
        } catch {
            self.failed(error)
            return []
        }
    }

    /// By the columns alone: records may be long.
    private static func entries(
        in database: Database,
        _ filter: CacheFilter,
        after key: CacheKey?,
        limit: Int,
        _ clock: WallClock
    ) throws -> [CachedEntry] {
        let condition = filter.condition
        // Columns without an aggregate are of the row that has the maximum (SQLite, "Bare columns in an aggregate query").
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT key, upstream, method, target, status, max(stored) AS stored, fresh, retained,
                    sum(size) AS size, count(*) AS variants,
                    (SELECT group_concat(name, ' ') FROM tag WHERE tag.entry = id) AS tags
                    FROM entry WHERE \(condition.sql) AND key > ? AND retained > ?
                    GROUP BY key ORDER BY key LIMIT ?
                """,
            arguments: condition.arguments + [
                key.map { Data($0.digest) } ?? Data(), clock.sinceEpoch.milliseconds, limit,
            ]
        )
        var entries: [CachedEntry] = []
        while let row = try rows.next() {
            guard let key = CacheKey([UInt8](row["key"] as Data)) else { continue }
            let tags = row["tags"] as String?
            entries.append(
                CachedEntry(
                    key: key,
                    request: CachedRequest(
                        upstream: row["upstream"],
                        method: HTTPMethod(rawValue: row["method"]),
                        target: row["target"]
                    ),
                    status: row["status"],
                    size: row["size"],
                    variants: row["variants"],
                    tags: tags?.split(separator: " ").map(String.init) ?? [],
                    storedAt: clock.moment(sinceEpoch: row["stored"]),
                    freshUntil: clock.moment(sinceEpoch: row["fresh"]),
                    retainedUntil: clock.moment(sinceEpoch: row["retained"]),
                    isInMemory: false,
                    isArchived: true
                )
            )
        }
        return entries
    }

    package func remove(matching filter: CacheFilter) async -> [CacheKey]? {
        guard let database = self.database else { return [] }
        return await withCheckedContinuation { continuation in
            database.write { writing in
                // What waits was stored before, and is meant too.
                self.write(by: writing)
                continuation.resume(returning: self.remove(filter, by: writing))
            }
        }
    }

    private func remove(_ filter: CacheFilter, by writing: Writing) -> [CacheKey]? {
        do {
            let gone = try writing.remove(filter)
            self.forget(gone)
            return gone
        } catch {
            self.failed(error)
            return nil
        }
    }
}
