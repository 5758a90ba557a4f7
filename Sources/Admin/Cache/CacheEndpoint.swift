// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyEngine

/// `GET /cache`: what is stored, a page at a time.
struct CacheEndpoint: LocalHandler {
    let cache: MemoryStore

    private static let pages = 1...1000

    var maxBody: Int { 0 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        do throws(ProxyError) {
            var members = try request.members(among: CacheFilter.names + ["limit", "after"])
            let limit = Int(members.removeValue(forKey: "limit") ?? "100") ?? 0
            let after = members.removeValue(forKey: "after")
            let last = after.flatMap { CacheKey.range($0) }?.upperBound
            guard Self.pages ~= limit else { throw ProxyError(.badRequest, "limit must be from 1 to 1000") }
            guard (after == nil) == (last == nil) else { throw ProxyError(.badRequest, "after must be a key") }
            let filter = try CacheFilter(members)
            // One more, to know whether there are more.
            let entries = await self.cache.entries(matching: filter, after: last, limit: limit + 1, now: .now)
            let page = entries.prefix(limit)
            let next = entries.count > limit ? page.last.map { JSON.string($0.key.description) } : nil
            let clock = WallClock.now
            return LocalResponse(
                200,
                json: ["entries": .array(page.map { .object($0.members(at: clock)) }), "next": next ?? .null],
                fields: ["Cache-Control": "no-store"]
            )
        } catch {
            return LocalResponse(error)
        }
    }
}

/// `GET /cache/KEY`: one entry, with all of its variants. Some first digits of the key will do.
struct CacheEntryEndpoint: LocalHandler {
    static let path = "/cache/"

    let cache: MemoryStore

    var maxBody: Int { 0 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        do throws(ProxyError) {
            guard let keys = CacheKey.range(String(request.path.dropFirst(Self.path.count))) else {
                throw ProxyError(.badRequest, "a key has 64 hexadecimal digits, of which the first 8 may do")
            }
            let now = Moment.now
            let entries = await self.cache.entries(matching: CacheFilter(keys: keys), limit: 2, now: now)
            guard let entry = entries.first else { throw ProxyError(.notStored, "nothing is stored for this key") }
            guard entries.count == 1 else { throw ProxyError(.badRequest, "more than one key begins so") }
            let answers = await self.cache.answers(for: entry.key, now: now)
            let clock = WallClock.now
            let variants = answers.map { JSON.object($0.members(at: clock)) }
            return LocalResponse(
                200,
                json: .object(entry.members(at: clock) + [.init(name: "answers", value: .array(variants))]),
                fields: ["Cache-Control": "no-store"]
            )
        } catch {
            return LocalResponse(error)
        }
    }
}

/// `POST /cache/purge`: forgets what is meant, in memory and in the file.
struct CachePurgeEndpoint: LocalHandler {
    let cache: MemoryStore

    var maxBody: Int { 16 << 10 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        do throws(ProxyError) {
            try request.requireSameOrigin("purge the cache")
            var members = try request.members(among: CacheFilter.names + ["all"])
            let wantsAll = members.removeValue(forKey: "all")
            let filter = try CacheFilter(members)
            guard filter.isEmpty == (wantsAll == "true"), wantsAll == nil || wantsAll == "true" else {
                throw ProxyError(.badRequest, "say what: key, upstream, path and tag, or all=true")
            }
            let (count, isComplete) = await self.cache.purge(filter)
            guard isComplete else {
                throw ProxyError(.internalError, "the cache's file cannot be written: its entries are still there")
            }
            return LocalResponse(200, json: ["purged": .int(count)], fields: ["Cache-Control": "no-store"])
        } catch {
            return LocalResponse(error)
        }
    }
}
