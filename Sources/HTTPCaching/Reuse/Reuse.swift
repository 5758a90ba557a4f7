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

    /// How long it is fresh.
    package let lifetime: Duration
    /// Never without asking (RFC 9111, 5.2.2.4).
    package let isAlwaysValidated: Bool
    /// Not stale under any condition (RFC 9111, 5.2.2.2, 5.2.2.8 and 5.2.2.10).
    package let isNeverStale: Bool
    /// How long past that it may be served while it is validated (RFC 5861, 3).
    package let staleWhileRevalidate: Duration
    /// How long past that it may stand in for an error (RFC 5861, 4); nil where the response does not say.
    package let staleIfError: Duration?
    /// Whether nobody has to ask again while it is fresh, not even for a reload (RFC 8246, 2).
    package let isImmutable: Bool

    package init(
        lifetime: Duration,
        isAlwaysValidated: Bool = false,
        isNeverStale: Bool = false,
        isImmutable: Bool = false,
        staleWhileRevalidate: Duration = .zero,
        staleIfError: Duration? = nil
    ) {
        self.lifetime = lifetime
        self.isAlwaysValidated = isAlwaysValidated
        self.isNeverStale = isNeverStale
        self.isImmutable = isImmutable
        self.staleWhileRevalidate = staleWhileRevalidate
        self.staleIfError = staleIfError
    }

    /// As the response itself says.
    package init(_ fields: HeaderFields, freshness: FreshnessLifetime) {
        let control = CacheControl(ofResponse: fields)
        self.init(
            lifetime: .seconds(freshness.lifetime),
            isAlwaysValidated: control.noCache == .response,
            isNeverStale: control.noCache == .response || control.mustRevalidate || control.proxyRevalidate
                || control.sharedMaxAge != nil,
            isImmutable: control.immutable,
            staleWhileRevalidate: .seconds(control.staleWhileRevalidate ?? 0),
            staleIfError: control.staleIfError.map { .seconds($0) }
        )
    }

    /// - Parameters:
    ///   - age: `current_age` (RFC 9111, 4.2.3).
    ///   - request: What the client says; nil where it says nothing, which is the quick way.
    package func verdict(age: Duration, request: CacheControl? = nil) -> Verdict {
        let isFresh = age < self.lifetime
        guard let request else {
            if isFresh, !self.isAlwaysValidated { return .fresh }
            let isSoonEnough = age - self.lifetime < self.staleWhileRevalidate
            return isSoonEnough && !self.isNeverStale ? .stale(revalidating: true) : .mustValidate
        }
        if self.isAlwaysValidated || request.noCache != nil { return .mustValidate }
        if isFresh, self.isImmutable { return .fresh }
        if let maxAge = request.maxAge, age > .seconds(maxAge) { return .mustValidate }
        if let minFresh = request.minFresh, self.lifetime - age < .seconds(minFresh) { return .mustValidate }
        if isFresh { return .fresh }
        guard !self.isNeverStale else { return .mustValidate }
        let staleness = age - self.lifetime
        if let maxStale = request.maxStale, staleness <= .seconds(maxStale) { return .stale(revalidating: false) }
        return staleness < self.staleWhileRevalidate ? .stale(revalidating: true) : .mustValidate
    }

    /// Whether it may stand in for an error of the origin (RFC 5861, 4; RFC 9111, 4.2.4).
    ///
    /// - Parameter allowance: How long past freshness the operator grants, beside what the response says itself.
    package func mayReplaceError(age: Duration, allowance: Duration) -> Bool {
        guard !self.isNeverStale else { return false }
        return age - self.lifetime <= max(allowance, self.staleIfError ?? .zero)
    }
}
