// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// Asking whether a stored response is still good, on either side of the cache (RFC 9111, 4.3).
package enum Validation {
    /// Whether a client that has this response already is told so with 304 (RFC 9111, 4.3.2; RFC 9110, 13.2.2).
    ///
    /// - Parameters:
    ///   - request: The fields of a GET or HEAD.
    ///   - entityTag: The octets of `ETag` in the stored 2xx, which need not be a good one.
    ///   - lastModified: When it changed last, in seconds since 1970.
    ///   - now: Seconds since 1970.
    package static func isNotModified(
        _ request: HeaderFields,
        entityTag: [UInt8]?,
        lastModified: Int64?,
        now: Int64
    ) -> Bool {
        // RFC 9110, 13.1.3: with If-None-Match there, If-Modified-Since does not count.
        if request.contains("if-none-match") {
            let members = EntityTag.members(request, "if-none-match")
            if members.first == Array("*".utf8) { return true }
            guard let entityTag, !entityTag.isEmpty else { return false }
            // Who sends a tag without quotes compares it by its octets.
            guard let tag = EntityTag(entityTag) else { return members.contains(entityTag) }
            return members.contains { EntityTag($0)?.weaklyMatches(tag) ?? false }
        }
        guard let lastModified, request.count(of: "if-modified-since") == 1,
            let since = request["if-modified-since"].flatMap({ HTTPDate.seconds(parsing: $0, now: now) })
        else { return false }
        return lastModified <= since
    }

    /// What goes upstream to validate a stored response (RFC 9111, 4.3.1); empty if it has no validator.
    package static func conditions(for stored: HeaderFields) -> HeaderFields {
        var fields = HeaderFields()
        for (validator, condition) in [("etag", "If-None-Match"), ("last-modified", "If-Modified-Since")] {
            if let value = stored.octets(of: validator), !value.isEmpty { fields.add(condition, octets: value) }
        }
        return fields
    }

    /// Whether a 304 is about this response (RFC 9111, 4.3.4): it names no other entity tag, and without tags no other
    /// date. Tags compare weakly, since servers that compress weaken the tag of a 200 and not that of a 304.
    package static func confirms(_ update: HeaderFields, _ stored: HeaderFields) -> Bool {
        guard let one = stored.octets(of: "etag"), let other = update.octets(of: "etag") else {
            guard let one = stored.octets(of: "last-modified"), let other = update.octets(of: "last-modified") else {
                return true
            }
            return one == other || stored.contains("etag")
        }
        guard one != other else { return true }
        guard let one = EntityTag(one), let other = EntityTag(other) else { return false }
        return one.weaklyMatches(other)
    }

    /// Whether a 200 to HEAD is about this response (RFC 9111, 4.3.5): all that it says of it is the same.
    package static func describes(_ update: HeaderFields, _ stored: HeaderFields, contentLength: Int) -> Bool {
        for name in ["etag", "last-modified"] {
            if let other = update.octets(of: name), other != stored.octets(of: name) { return false }
        }
        return update["content-length"].map { Int($0) == contentLength } ?? true
    }

    /// Fields of a 304 that say nothing about the stored content (RFC 9111, 3.2): it is kept as it came.
    private static let kept: Set<String> = ["content-length", "content-range", "transfer-encoding", "connection"]

    /// Stored fields with those of a 304, of a response to HEAD or of another part in place of their namesakes (RFC 9111,
    /// 3.2, 3.4, 4.3.4 and 4.3.5).
    ///
    /// A stored tag stays: that of the other is the same, or says more of the stored content than anybody knows.
    package static func merged(_ stored: HeaderFields, with update: HeaderFields) -> HeaderFields {
        var (fields, replaced) = (stored, Set<String>())
        let kept = stored.contains("etag") ? Self.kept.union(["etag"]) : Self.kept
        update.forEachOctets { octets, value in
            let name = String(decoding: octets, as: UTF8.self)
            let lowercased = name.lowercased()
            guard !kept.contains(lowercased) else { return }
            if replaced.insert(lowercased).inserted { fields.remove(name) }
            fields.add(name: octets, value: value)
        }
        return fields
    }
}
