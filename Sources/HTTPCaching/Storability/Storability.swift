// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// Whether a shared cache may keep a response (RFC 9111, 3), by what both sides say.
package enum Storability {
    /// The statuses whose meaning for caching is implemented; 206 and 304 are no responses by themselves here.
    private static let understood: Set<Int> = [
        200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410,
        411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 429, 500, 501, 502, 503, 504, 505,
    ]

    /// The statuses that no cache may keep, whatever stands beside them (RFC 6585, 3 to 6).
    private static let neverStored: Set<Int> = [428, 429, 431, 511]

    /// Asked for complete responses. Those that are of no use to anybody, since they are fresh for no time, have no
    /// validator and nobody says what a stale one is good for, are not kept.
    ///
    /// - Parameters:
    ///   - request: The fields of the request; its method is the policy's matter.
    ///   - isAuthorized: Whether it was answered to somebody's own `Authorization`.
    ///   - allowance: How long past freshness the operator has it stand in for an error, in seconds.
    package static func mayStore(
        _ head: ResponseHead,
        to request: HeaderFields,
        isAuthorized: Bool,
        freshness: FreshnessLifetime,
        allowance: Int = 0
    ) -> Bool {
        let control = CacheControl(ofResponse: head.fields)
        guard head.status >= 200, head.status != 206, head.status != 304 else { return false }
        if Self.neverStored.contains(head.status) { return false }
        // RFC 9111, 5.2.2.3: who understands the status need not heed the no-store beside it.
        let isUnderstood = Self.understood.contains(head.status)
        if control.mustUnderstand ? !isUnderstood : control.noStore { return false }
        if CacheControl(request).noStore || control.isPrivate == .response { return false }
        // RFC 9111, 4.1: no later request can match.
        if head.fields.list("vary", contains: "*") { return false }
        // RFC 9110, 13.2 and 14.2: these are about what this request asked beside what others ask too.
        if head.status == 416, request.contains("range") { return false }
        if head.status == 412, request.hasConditions { return false }
        // RFC 9111, 3.5.
        let sharesAuthorized = control.isPublic || control.mustRevalidate || control.sharedMaxAge != nil
        if isAuthorized, !sharesAuthorized { return false }
        // RFC 9111, 3: explicit freshness, `public`, or a status that may be kept on a guess.
        let isExplicit = control.isPublic || !freshness.isHeuristic
        guard isExplicit || FreshnessLifetime.heuristicStatuses.contains(head.status) else { return false }
        // RFC 9111, 7.3: a cookie forbids nothing, but nobody gives one to everybody on a guess, nor what was answered to one.
        if freshness.isHeuristic, head.fields.contains("set-cookie") { return false }
        if freshness.isHeuristic, freshness.lifetime + allowance > 0, request.contains("cookie") { return false }
        if !Validation.conditions(for: head.fields).isEmpty { return true }
        guard control.noCache != .response else { return false }
        if freshness.lifetime > freshness.initialAge { return true }
        guard !Reuse(head.fields, freshness: freshness).isNeverStale else { return false }
        // RFC 9111, 5.2.1.2: what was fresh for some time, though that is over, is for clients that take it stale.
        if freshness.lifetime > 0 { return true }
        return max(control.staleWhileRevalidate ?? 0, control.staleIfError ?? 0, allowance) > freshness.initialAge
    }

    /// The fields that must not be kept although the rest may: what `private` and `no-cache` name (RFC 9111, 3.1,
    /// 5.2.2.4 and 5.2.2.7), in lower case.
    package static func excludedFields(_ fields: HeaderFields) -> Set<String> {
        let control = CacheControl(ofResponse: fields)
        var names: Set<String> = []
        for case .fields(let some) in [control.isPrivate, control.noCache].compactMap(\.self) { names.formUnion(some) }
        return names
    }
}
