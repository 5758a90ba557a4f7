// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore

/// What is to be written with the next batch, in order, within a bound.
struct Journal: Sendable {
    enum Change: Sendable {
        case keep(CacheKey, Archived)
        case use(CacheKey)
        case remove(CacheKey)
        case removeAll(upstream: String)
        case removeTarget(upstream: String, target: String)
    }

    private static let maxChanges = 100_000

    /// Octets of answers that wait at most: when the disk is slower than the upstreams, what comes then is not kept.
    private let limit: Int
    private(set) var changes: [Change] = []
    /// Where the newest answer for a key stands.
    private var newest: [CacheKey: Int] = [:]
    private var octets = 0

    init(limit: Int = 64 << 20) { self.limit = limit }

    /// What waits to be kept for a key.
    subscript(key: CacheKey) -> Archived? {
        guard let index = self.newest[key], case .keep(_, let archived) = self.changes[index] else { return nil }
        return archived
    }

    /// - Returns: Whether there was room for the change. A removal always finds it.
    mutating func add(_ change: Change) -> Bool {
        switch change {
        case .keep(let key, let archived):
            let response = archived.response
            let size = response.content.readableBytes + response.fields.wireLength + archived.request.target.utf8.count
            guard self.octets + size <= self.limit, self.changes.count < Self.maxChanges else { return false }
            self.octets += size
            self.newest[key] = self.changes.count
        case .use:
            guard self.changes.count < Self.maxChanges else { return false }
        case .remove(let key):
            self.newest[key] = nil
        case .removeAll, .removeTarget:
            self.newest = [:]
        }
        self.changes.append(change)
        return true
    }
}
