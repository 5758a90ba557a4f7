// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyEngine

extension CacheFilter {
    /// What requests call its parts.
    static let names = ["key", "upstream", "path", "tag"]

    /// - Parameter members: By those names.
    init(_ members: [String: String]) throws(ProxyError) {
        var keys: ClosedRange<CacheKey>?
        if let key = members["key"] {
            keys = CacheKey.range(key)
            guard keys != nil else {
                throw ProxyError(.badRequest, "a key has 64 hexadecimal digits, of which the first 8 may do")
            }
        }
        // An empty text would mean everything, which nobody says by accident.
        for name in Self.names where members[name]?.isEmpty == true {
            throw ProxyError(.badRequest, "\(name) is empty")
        }
        self.init(keys: keys, upstream: members["upstream"], path: members["path"], tag: members["tag"])
    }
}

extension CachedEntry {
    /// What is shown of it. There is nothing secret in it: the target is masked, and credentials are in the digest only.
    func members(at clock: WallClock) -> [JSON.Member] {
        [
            .init(name: "key", value: .string(self.key.description)),
            .init(name: "upstream", value: .string(self.request.upstream)),
            .init(name: "method", value: .string(self.request.method.rawValue)),
            .init(name: "target", value: .string(self.request.target)),
            .init(name: "status", value: .int(self.status)),
            .init(name: "bytes", value: .int(self.size)),
            .init(name: "variants", value: .int(self.variants)),
            .init(name: "tags", value: .array(self.tags.map { .string($0) })),
            .init(name: "stored", value: .string(clock.rfc3339(self.storedAt))),
            .init(name: "fresh_for", value: .wholeSeconds(self.freshUntil - clock.moment)),
            .init(name: "kept_for", value: .wholeSeconds(self.retainedUntil - clock.moment)),
            .init(name: "memory", value: .bool(self.isInMemory)),
            .init(name: "file", value: .bool(self.isArchived)),
        ]
    }
}

extension StoredResponse {
    /// Those that say how it is kept, and no others: an answer may carry tokens.
    private static let shownFields = [
        "age", "cache-control", "cache-tag", "content-encoding", "content-language", "content-length", "content-type",
        "date", "etag", "expires", "last-modified", "surrogate-control", "surrogate-key", "vary",
    ]

    func members(at clock: WallClock) -> [JSON.Member] {
        var fields: [JSON.Member] = []
        self.fields.forEach({ name, value in
            guard Self.shownFields.contains(name.lowercased()) else { return }
            fields.append(.init(name: name, value: .string(value)))
        })
        return [
            .init(name: "status", value: .int(self.status)),
            .init(name: "bytes", value: .int(self.size)),
            // By name only: a request's fields may be credentials.
            .init(name: "varies_by", value: .array(self.variant.fields.map { .string($0.name) })),
            .init(name: "stored", value: .string(clock.rfc3339(self.storedAt))),
            .init(name: "age", value: .int(self.age(at: clock.moment))),
            .init(name: "fresh_for", value: .wholeSeconds(self.freshUntil - clock.moment)),
            .init(name: "kept_for", value: .wholeSeconds(self.retainedUntil - clock.moment)),
            .init(name: "fields", value: .object(fields)),
        ]
    }
}

extension JSON {
    fileprivate static func wholeSeconds(_ duration: Duration) -> JSON { .int(Int(duration.components.seconds)) }
}
