// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import ProxyConfiguration

/// What holds for the exchanges at some of an upstream's paths: its own settings, or those of a route.
///
/// A reference, made once for each route, since every exchange takes it along.
final class ExchangeTerms: Sendable {
    /// For which requests they hold; nil: for those that no route is for.
    private let rule: RouteRule?
    let timeouts: Timeouts
    let contract: CacheContract?
    /// What a call costs at the vendor, if anybody has said.
    let cost: Double?

    /// Those of an upstream itself.
    init(_ configuration: UpstreamConfiguration) {
        self.rule = nil
        self.timeouts = configuration.timeouts
        self.contract = configuration.cache.map(CacheContract.init)
        self.cost = nil
    }

    init(_ rule: RouteRule) {
        self.rule = rule
        self.timeouts = rule.timeouts
        self.contract = rule.cache.map(CacheContract.init)
        self.cost = rule.cost
    }

    /// - Parameter path: Without the query.
    func holds(for method: HTTPMethod, _ path: Substring) -> Bool {
        guard let rule = self.rule else { return true }
        guard rule.methods.isEmpty || rule.methods.contains(method) else { return false }
        return rule.path.hasSuffix("*") ? path.hasPrefix(rule.path.dropLast()) : path == rule.path
    }
}

/// By whose word answers are stored, and for how long; a reference, since a policy is a handful of them itself.
final class CacheContract: Sendable {
    let policy: CachePolicy

    init(_ policy: CachePolicy) { self.policy = policy }
}
