// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// The directives of one message that a shared cache acts on (RFC 9111, 5.2). Unknown ones are ignored (5.2.3).
package struct CacheControl: Hashable, Sendable {
    /// What `no-cache` and `private` are about (RFC 9111, 5.2.2.4 and 5.2.2.7).
    package enum Scope: Hashable, Sendable {
        case response
        /// These fields only, in lower case.
        case fields([String])
    }

    /// Seconds (RFC 9111, 5.2.1.1 and 5.2.2.1).
    package var maxAge: Int?
    /// Seconds, over `maxAge` in a shared cache (RFC 9111, 5.2.2.10).
    package var sharedMaxAge: Int?
    /// Seconds by which a client takes a stale answer; `Int.max` where it names none (RFC 9111, 5.2.1.2).
    package var maxStale: Int?
    /// Seconds for which an answer must still be fresh (RFC 9111, 5.2.1.3).
    package var minFresh: Int?
    /// Seconds past freshness (RFC 5861, 3).
    package var staleWhileRevalidate: Int?
    /// Seconds past freshness (RFC 5861, 4).
    package var staleIfError: Int?
    package var noCache: Scope?
    package var isPrivate: Scope?
    package var noStore = false
    package var onlyIfCached = false
    package var mustRevalidate = false
    package var proxyRevalidate = false
    package var mustUnderstand = false
    package var isPublic = false
    /// RFC 8246, 2.
    package var immutable = false

    package init() {}

    /// - Parameter name: The field that carries them.
    package init(_ fields: HeaderFields, named name: String = "cache-control") {
        for line in fields.values(of: name) {
            var reader = DirectiveReader(line)
            while let directive = reader.next() { self.apply(directive.name, directive.argument) }
        }
    }

    /// The first of two that contradict each other counts (RFC 9111, 4.2.1), and restrictions add up.
    mutating func apply(_ name: String, _ argument: String?) {
        switch name {
        case "max-age": self.maxAge = self.maxAge ?? Self.seconds(argument)
        case "s-maxage": self.sharedMaxAge = self.sharedMaxAge ?? Self.seconds(argument)
        case "max-stale": self.maxStale = self.maxStale ?? (argument == nil ? .max : Self.seconds(argument))
        case "min-fresh": self.minFresh = self.minFresh ?? Self.seconds(argument)
        case "stale-while-revalidate": self.staleWhileRevalidate = self.staleWhileRevalidate ?? Self.seconds(argument)
        case "stale-if-error": self.staleIfError = self.staleIfError ?? Self.seconds(argument)
        case "no-cache": self.noCache = Self.joined(self.noCache, argument)
        case "private": self.isPrivate = Self.joined(self.isPrivate, argument)
        case "no-store": self.noStore = true
        case "only-if-cached": self.onlyIfCached = true
        case "must-revalidate": self.mustRevalidate = true
        case "proxy-revalidate": self.proxyRevalidate = true
        case "must-understand": self.mustUnderstand = true
        case "public": self.isPublic = true
        case "immutable": self.immutable = true
        default: break
        }
    }

    /// RFC 9111, 1.2.2: more than fits is 2^31. What is no number is 0, so that it makes stale (4.2.1).
    private static func seconds(_ argument: String?) -> Int {
        guard let argument, !argument.isEmpty, argument.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return 0 }
        return min(Int(argument) ?? .max, 1 << 31)
    }

    /// Without field names that can be read the directive is about the whole response, which is the safer reading.
    private static func joined(_ scope: Scope?, _ argument: String?) -> Scope {
        let names = (argument ?? "").split(separator: ",").map { $0.trimmingOptionalWhitespace().lowercased() }
        guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenCharacter) }) else {
            return .response
        }
        switch scope {
        case .response: return .response
        case .fields(let others): return .fields(others + names)
        case nil: return .fields(names)
        }
    }
}
