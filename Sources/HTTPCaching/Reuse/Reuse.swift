// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// How a stored response may be used at an age (RFC 9111, 4). All that it depends on is read once, at storing.
package struct Reuse: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        case fresh
        /// Stale, and the client takes it so (RFC 9111, 5.2.1.2), or it may be served while a new one is fetched.
        case stale(revalidating: Bool)
        case mustValidate
    }

    /// Seconds for which it is fresh.
    package let lifetime: Int
    /// Never without asking (RFC 9111, 5.2.2.4).
    private let isAlwaysValidated: Bool
    /// Not stale under any condition (RFC 9111, 5.2.2.2, 5.2.2.8 and 5.2.2.10).
    private let isNeverStale: Bool
    private let staleWhileRevalidate: Int
    private let staleIfError: Int?

    package init(_ fields: HeaderFields, freshness: FreshnessLifetime) {
        let control = CacheControl(targetedIn: fields) ?? CacheControl(fields)
        self.lifetime = freshness.lifetime
        self.isAlwaysValidated = control.noCache == .response
        self.isNeverStale =
            control.noCache == .response || control.mustRevalidate || control.proxyRevalidate
            || control.sharedMaxAge != nil
        self.staleWhileRevalidate = control.staleWhileRevalidate ?? 0
        self.staleIfError = control.staleIfError
    }

    /// - Parameters:
    ///   - age: `current_age` in seconds (RFC 9111, 4.2.3).
    ///   - request: What the client says; nil where it says nothing, which is the quick way.
    package func verdict(age: Int, request: CacheControl? = nil) -> Verdict {
        let isFresh = age < self.lifetime
        guard let request else {
            if isFresh, !self.isAlwaysValidated { return .fresh }
            let isSoonEnough = age - self.lifetime < self.staleWhileRevalidate
            return isSoonEnough && !self.isNeverStale ? .stale(revalidating: true) : .mustValidate
        }
        if self.isAlwaysValidated || request.noCache != nil { return .mustValidate }
        if let maxAge = request.maxAge, age > maxAge { return .mustValidate }
        if let minFresh = request.minFresh, self.lifetime - age < minFresh { return .mustValidate }
        if isFresh { return .fresh }
        guard !self.isNeverStale else { return .mustValidate }
        let staleness = age - self.lifetime
        if let maxStale = request.maxStale, staleness <= maxStale { return .stale(revalidating: false) }
        return staleness < self.staleWhileRevalidate ? .stale(revalidating: true) : .mustValidate
    }

    /// Whether it may stand in for an error of the origin (RFC 5861, 4; RFC 9111, 4.2.4).
    ///
    /// - Parameter allowance: Seconds past freshness that the operator grants where the response names none.
    package func mayReplaceError(age: Int, allowance: Int?) -> Bool {
        guard !self.isNeverStale, let allowed = self.staleIfError ?? allowance else { return false }
        return age - self.lifetime <= allowed
    }
}
