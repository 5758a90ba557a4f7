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
        case removeVariant(CacheKey, Variant)
        case removeAll(upstream: String)
        case removeTarget(upstream: String, target: String)
        case removeEverything
    }

    /// Octets of answers that wait at most: when the disk is slower than the upstreams, what comes then is not kept.
    private let limit: Int
    private let maxChanges: Int
    private(set) var changes: [Change] = []
    /// Where the changes of the answers for a key stand, in order; `removal` first, if all of before go.
    private var places: [CacheKey: [Int]] = [:]
    private var octets = 0

    init(limit: Int = 64 << 20, maxChanges: Int = 100_000) {
        self.limit = limit
        self.maxChanges = maxChanges
    }

    /// What still has to be done when these changes could not be: whatever was there before is out of date.
    init(afterFailing failed: Journal) {
        self.init(limit: failed.limit, maxChanges: failed.maxChanges)
        for change in failed.changes {
            switch change {
            case .keep(let key, _): self.add(.remove(key))
            case .use: break
            case .remove, .removeVariant, .removeAll, .removeTarget, .removeEverything: self.add(change)
            }
        }
    }

    private static let removal = -1

    /// What waits to be kept for a key, the newest first.
    ///
    /// - Parameter known: Variants of which something newer is known, be it that they are gone. Those of these changes are
    ///   added.
    func answers(for key: CacheKey, beside known: inout Set<Variant>) -> [Archived] {
        var answers: [Archived] = []
        for index in self.places[key, default: []].reversed() where index != Self.removal {
            switch self.changes[index] {
            case .keep(_, let archived):
                if known.insert(archived.response.variant).inserted { answers.append(archived) }
            case .removeVariant(_, let variant): known.insert(variant)
            case .use, .remove, .removeAll, .removeTarget, .removeEverything: break
            }
        }
        return answers
    }

    /// Whether an answer for the key waits to be kept.
    func keeps(_ key: CacheKey) -> Bool {
        var known: Set<Variant> = []
        return !self.answers(for: key, beside: &known).isEmpty
    }

    /// Whether nothing that was kept before counts any more.
    func replaces(_ key: CacheKey) -> Bool { self.places[key]?.first == Self.removal }

    /// - Returns: Whether there was room for the change. A removal always finds it: where there are too many, they
    ///   become one of everything.
    @discardableResult
    mutating func add(_ change: Change) -> Bool {
        switch change {
        case .keep(let key, let archived):
            let size = archived.octets
            guard self.octets + size <= self.limit, self.changes.count < self.maxChanges else { return false }
            self.octets += size
            self.places[key, default: []].append(self.changes.count)
        case .use:
            guard self.changes.count < self.maxChanges else { return false }
        case .remove(let key):
            self.places[key] = [Self.removal]
        case .removeVariant(let key, _):
            self.places[key, default: []].append(self.changes.count)
        case .removeAll(let upstream):
            for key in self.places.keys where self.isOf(upstream, key) { self.places[key] = [Self.removal] }
        // Whoever calls a target into question knows himself what is too old for it.
        case .removeTarget: break
        case .removeEverything:
            self = Journal(limit: self.limit, maxChanges: self.maxChanges)
        }
        self.changes.append(change)
        if self.changes.count > self.maxChanges * 2 { self.add(.removeEverything) }
        return true
    }

    private func isOf(_ upstream: String, _ key: CacheKey) -> Bool {
        var known: Set<Variant> = []
        return self.answers(for: key, beside: &known).contains { $0.request.upstream == upstream }
    }

    mutating func add(contentsOf other: Journal) {
        for change in other.changes { self.add(change) }
    }
}

extension Archived {
    fileprivate var octets: Int {
        self.response.content.readableBytes + self.response.fields.wireLength + self.request.target.utf8.count
    }
}
