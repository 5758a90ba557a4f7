// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// Asking whether a stored response is still good, on either side of the cache (RFC 9111, 4.3).
package enum Validation {
    /// Whether a client that has this response already is told so with 304 (RFC 9111, 4.3.2; RFC 9110, 13.2.2).
    ///
    /// - Parameters:
    ///   - request: The fields of a GET or HEAD.
    ///   - entityTag: The value of `ETag` in the stored 2xx.
    ///   - lastModified: When it changed last, in seconds since 1970.
    ///   - now: Seconds since 1970.
    package static func isNotModified(
        _ request: HeaderFields,
        entityTag: String?,
        lastModified: Int64?,
        now: Int64
    ) -> Bool {
        // RFC 9110, 13.1.3: with If-None-Match there, If-Modified-Since does not count.
        if request.contains("if-none-match") {
            if request["if-none-match"]?.trimmed == "*" { return true }
            guard let entityTag, !entityTag.isEmpty else { return false }
            let members = EntityTag.members(request, "if-none-match")
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
        if let tag = stored["etag"], !tag.isEmpty { fields.add("If-None-Match", tag) }
        if let date = stored["last-modified"], !date.isEmpty { fields.add("If-Modified-Since", date) }
        return fields
    }

    /// Whether a 304 is about this response (RFC 9111, 4.3.4): it names no other entity tag, and without tags no other
    /// date. Tags compare weakly, since servers that compress weaken the tag of a 200 and not that of a 304.
    package static func confirms(_ update: HeaderFields, _ stored: HeaderFields) -> Bool {
        guard let one = stored["etag"], let other = update["etag"] else {
            guard let one = stored["last-modified"], let other = update["last-modified"] else { return true }
            return one == other || stored.contains("etag")
        }
        guard one != other else { return true }
        guard let one = EntityTag(one), let other = EntityTag(other) else { return false }
        return one.weaklyMatches(other)
    }

    /// Whether a 200 to HEAD is about this response (RFC 9111, 4.3.5): all that it says of it is the same.
    package static func describes(_ update: HeaderFields, _ stored: HeaderFields, contentLength: Int) -> Bool {
        for name in ["etag", "last-modified"] {
            if let other = update[name], other != stored[name] { return false }
        }
        return update["content-length"].map { Int($0) == contentLength } ?? true
    }

    /// Fields of a 304 that say nothing about the stored content (RFC 9111, 3.2): it is kept as it came.
    private static let kept: Set<String> = ["content-length", "content-range", "transfer-encoding", "connection"]

    /// Stored fields with those of a 304, or of a response to HEAD, in place of their namesakes (RFC 9111, 3.2, 4.3.4
    /// and 4.3.5).
    package static func merged(_ stored: HeaderFields, with update: HeaderFields) -> HeaderFields {
        var (fields, replaced) = (stored, Set<String>())
        func takeOver(_ name: String, _ value: String) {
            let lowercased = name.lowercased()
            guard !Self.kept.contains(lowercased) else { return }
            if replaced.insert(lowercased).inserted { fields.remove(name) }
            fields.add(name, value)
        }
        update.forEach(takeOver)
        return fields
    }
}

extension String {
    fileprivate var trimmed: Substring { self[...].trimmingOptionalWhitespace() }
}
