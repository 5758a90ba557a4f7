// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// Asking whether a stored response is still good, on either side of the cache (RFC 9111, 4.3).
package enum Validation {
    /// Whether a client that has this response already is told so with 304 (RFC 9111, 4.3.2; RFC 9110, 13.2.2).
    ///
    /// - Parameters:
    ///   - request: The fields of a GET or HEAD.
    ///   - stored: The fields of the stored 200.
    ///   - now: Seconds since 1970.
    package static func isNotModified(_ request: HeaderFields, stored: HeaderFields, now: Int64) -> Bool {
        // RFC 9110, 13.1.3: with If-None-Match there, If-Modified-Since does not count.
        if request.contains("if-none-match") {
            if request["if-none-match"]?.trimmed == "*" { return true }
            guard let tag = stored["etag"].flatMap({ EntityTag($0) }) else { return false }
            return EntityTag.list(request, "if-none-match").contains { $0.weaklyMatches(tag) }
        }
        guard request.count(of: "if-modified-since") == 1,
            let since = request["if-modified-since"].flatMap({ HTTPDate.seconds(parsing: $0, now: now) }),
            let changed = (stored["last-modified"] ?? stored["date"])
                .flatMap({ HTTPDate.seconds(parsing: $0, now: now) })
        else { return false }
        return changed <= since
    }

    /// What goes upstream to validate a stored response (RFC 9111, 4.3.1); empty if it has no validator.
    package static func conditions(for stored: HeaderFields) -> HeaderFields {
        var fields = HeaderFields()
        if let tag = stored["etag"], EntityTag(tag) != nil { fields.add("If-None-Match", tag) }
        if let date = stored["last-modified"] { fields.add("If-Modified-Since", date) }
        return fields
    }

    /// Fields of a 304 that say nothing about the stored content (RFC 9111, 3.2).
    private static let kept: Set<String> = [
        "content-length", "content-encoding", "content-type", "content-range", "transfer-encoding", "connection",
    ]

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
