// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import GRDB
import HTTPCaching

extension CacheFilter {
    /// The entries that it means, with all variants of each. Values are arguments, never text of the statement.
    var condition: (sql: String, arguments: StatementArguments) {
        var conditions: [String] = []
        var arguments: [any DatabaseValueConvertible] = []
        if let keys = self.keys {
            conditions.append("key BETWEEN ? AND ?")
            arguments += [Data(keys.lowerBound.digest), Data(keys.upperBound.digest)]
        }
        if let upstream = self.upstream {
            conditions.append("upstream = ?")
            arguments.append(upstream)
        }
        if let path = self.path {
            // Octet by octet, as the index has them, which a comparison of characters could not use.
            conditions.append("target >= ? AND substr(CAST(target AS BLOB), 1, ?) = CAST(? AS BLOB)")
            arguments += [path, path.utf8.count, path]
        }
        if let tag = self.tag {
            conditions.append("key IN (SELECT key FROM tag JOIN entry ON id = entry WHERE name = ?)")
            arguments.append(tag)
        }
        let sql = conditions.isEmpty ? "TRUE" : conditions.joined(separator: " AND ")
        return (sql, StatementArguments(arguments))
    }
}
