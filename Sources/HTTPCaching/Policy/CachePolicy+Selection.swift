// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

extension CachePolicy {
    /// What becomes of a request, by what is stored for its key.
    package enum Selection: Sendable {
        /// - Parameter why: Where it is stale.
        case serve(StoredResponse, why: CacheStatus.Detail?)
        /// Served stale while a new one is fetched (RFC 5861, 3).
        case serveAndRefresh(StoredResponse)
        /// - Parameter stored: The right answer, but for its age: to be validated, or to stand in for an error.
        case forward(CacheStatus.Reason, stored: StoredResponse?)
    }

    /// - Parameter variants: All of a key, the newest first.
    package func select(
        from variants: Variants,
        for request: HeaderFields,
        _ demands: RequestDemands,
        at now: Moment
    ) -> Selection {
        guard let stored = variants.best(where: { $0.matches(request) && $0.holds(demands.range, for: request) })
        else {
            if variants.isEmpty { return .forward(.uriMiss, stored: nil) }
            return .forward(variants.contains { $0.matches(request) } ? .partial : .varyMiss, stored: nil)
        }
        switch self.verdict(on: stored, demands, at: now) {
        case .fresh:
            return .serve(stored, why: nil)
        case .stale(revalidating: true):
            return self.refreshesInBackground ? .serveAndRefresh(stored) : .forward(.stale, stored: stored)
        case .stale(revalidating: false):
            return .serve(stored, why: .maxStale)
        case .mustValidate:
            let isRefused = stored.isFresh(at: now) && !stored.reuse.isAlwaysValidated
            return .forward(isRefused ? .request : .stale, stored: stored)
        }
    }

    /// In mode `ttl` it is the operator who says how old an answer may be.
    package func verdict(on stored: StoredResponse, _ demands: RequestDemands, at now: Moment) -> Reuse.Verdict {
        guard self.mode == .http, let control = demands.control else { return stored.verdict(at: now) }
        return stored.verdict(at: now, control)
    }
}
