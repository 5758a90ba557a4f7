// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import HTTPCaching
import HTTPMessage

extension Writing {
    /// Entries that make room for each other: those of an upstream with a share, or those of all others.
    private struct Group {
        let condition: String
        let arguments: [String]
        let entries: Int
        /// Octets beyond what is its own.
        let excess: Double
    }

    /// Where there is most beyond what is its own, what was asked for the longest ago goes first, in steps of a part of
    /// the whole, so that there is room for a while.
    ///
    /// - Returns: The keys of what is gone.
    func makeRoom(_ limits: Limits, _ clock: WallClock, _ isHeld: (CacheKey) -> Bool) throws -> [CacheKey] {
        var removed: [CacheKey] = []
        while try self.size() > limits.size, let group = try self.furthestBeyond(limits) {
            let oldest = try Row.fetchAll(
                self.database,
                sql: "SELECT id, key FROM entry WHERE \(group.condition) ORDER BY used LIMIT \(1 + group.entries / 32)",
                arguments: StatementArguments(group.arguments)
            ).compactMap { row in CacheKey([UInt8](row[1] as Data)).map { (id: row[0] as Int64, key: $0) } }
            if oldest.isEmpty { break }
            let idle = oldest.filter { !isHeld($0.key) }
            for entry in oldest where !idle.isEmpty && isHeld(entry.key) {
                try self.database.execute(
                    sql: "UPDATE entry SET used = ? WHERE id = ?",
                    arguments: [clock.sinceEpoch.milliseconds, entry.id]
                )
            }
            // Where memory holds all of them, it is as large as the file, and somebody has to go.
            let going = idle.isEmpty ? oldest : idle
            for entry in going {
                try self.database.execute(sql: "DELETE FROM entry WHERE id = ?", arguments: [entry.id])
            }
            removed += going.map(\.key)
        }
        try self.shrink(to: limits.size)
        return removed
    }

    private func furthestBeyond(_ limits: Limits) throws -> Group? {
        guard !limits.shares.isEmpty else {
            return Group(condition: "TRUE", arguments: [], entries: try self.entries(), excess: 0)
        }
        var holdings: [String: (entries: Int, octets: Double)] = [:]
        // With what an entry takes beside its content and fields, more or less.
        let rows = try Row.fetchCursor(
            self.database,
            sql: "SELECT upstream, count(*), sum(size + 600) FROM entry GROUP BY upstream"
        )
        while let row = try rows.next() { holdings[row[0]] = (row[1], Double(row[2] as Int)) }
        let all = max(1, holdings.values.reduce(0) { $0 + $1.octets })
        let scale = Double(limits.size) / all
        var groups = limits.shares.map { upstream, share in
            let holding = holdings.removeValue(forKey: upstream) ?? (0, 0)
            return Group(
                condition: "upstream = ?",
                arguments: [upstream],
                entries: holding.entries,
                excess: holding.octets * scale - share * Double(limits.size)
            )
        }
        let names = limits.shares.keys.sorted()
        let rest = 1 - limits.shares.values.reduce(0, +)
        groups.append(
            Group(
                condition: "upstream NOT IN (\(names.map { _ in "?" }.joined(separator: ", ")))",
                arguments: names,
                entries: holdings.values.reduce(0) { $0 + $1.entries },
                excess: holdings.values.reduce(0) { $0 + $1.octets } * scale - rest * Double(limits.size)
            )
        )
        return groups.filter { $0.entries > 0 }.max { $0.excess < $1.excess }
    }

    private func entries() throws -> Int { try Int.fetchOne(self.database, sql: "SELECT count(*) FROM entry") ?? 0 }

    /// Gives back to the system what is free beyond the limit. What is within it is used again.
    private func shrink(to maxSize: Int) throws {
        let (size, page) = (try self.number(of: "page_count"), try self.number(of: "page_size"))
        let excess = size - maxSize / max(page, 1)
        // A part at a time: moving pages takes a while.
        if excess > 0 { try self.database.execute(sql: "PRAGMA incremental_vacuum(\(min(excess, 4096)))") }
    }

    /// The octets of the file, but for what is free in it.
    private func size() throws -> Int {
        (try self.number(of: "page_count") - self.number(of: "freelist_count")) * (try self.number(of: "page_size"))
    }

    private func number(of pragma: String) throws -> Int {
        try Int.fetchOne(self.database, sql: "PRAGMA \(pragma)") ?? 0
    }
}
