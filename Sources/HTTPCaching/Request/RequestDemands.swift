// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What the fields of a request ask of a cache; read once for each request, and for most there is nothing to read.
///
/// A reference, since it is known beforehand of a head that comes again.
package final class RequestDemands: Sendable {
    /// The directives (RFC 9111, 5.2.1); nil where there are none.
    package let control: CacheControl?
    /// `If-None-Match` or `If-Modified-Since`, which a cache answers (RFC 9111, 4.3.2).
    package let isConditional: Bool
    /// `If-Match` or `If-Unmodified-Since`, which only the origin can judge (RFC 9111, 4.3.2).
    package let isForOrigin: Bool
    /// The value of `Range`, which says nothing in a HEAD (RFC 9110, 14.2).
    package let range: String?

    package init(_ fields: borrowing HeaderFields, method: HTTPMethod = .get) {
        if fields.contains("cache-control") {
            self.control = CacheControl(copy fields)
        } else if fields.contains("pragma"), fields.list("pragma", contains: "no-cache") {
            // RFC 9111, 5.4: only where there is no Cache-Control.
            var control = CacheControl()
            control.noCache = .response
            self.control = control
        } else {
            self.control = nil
        }
        self.isConditional = fields.contains("if-none-match") || fields.contains("if-modified-since")
        self.isForOrigin = fields.contains("if-match") || fields.contains("if-unmodified-since")
        self.range = method == .head ? nil : fields["range"]
    }

    /// Whether it asks for less than the whole answer.
    package var isForLess: Bool { self.isConditional || self.range != nil }

    /// Whether it wants the origin asked, whatever is stored, as a browser's reload does (RFC 9111, 5.2.1.1 and 5.2.1.4).
    package var isReload: Bool { self.control?.noCache != nil || self.control?.maxAge == 0 }

    package var onlyIfCached: Bool { self.control?.onlyIfCached ?? false }
}

extension HeaderFields {
    private static let conditions = [
        "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range",
    ]

    /// Whether the answer may be that a condition fails (RFC 9110, 13.1).
    var hasConditions: Bool { Self.conditions.prefix(4).contains { self.contains($0) } }

    /// Without what makes a request one for less than the whole answer (RFC 9110, 13.1 and 14.2).
    package var unconditional: HeaderFields {
        var fields = self
        for name in Self.conditions where fields.contains(name) { fields.remove(name) }
        return fields
    }

    package func appending(_ others: HeaderFields) -> HeaderFields {
        var fields = self
        others.forEachOctets { fields.add(name: $0, value: $1) }
        return fields
    }
}
