// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// How long a response is fresh in a shared cache, and how old it was when it came (RFC 9111, 4.2). In seconds.
package struct FreshnessLifetime: Hashable, Sendable {
    /// RFC 9111, 4.2.1.
    package let lifetime: Int
    /// `corrected_initial_age` (RFC 9111, 4.2.3).
    package let initialAge: Int
    /// Whether the origin said nothing, so that the lifetime is a guess (RFC 9111, 4.2.2).
    package let isHeuristic: Bool

    /// No guess is longer than a day (RFC 9111, 4.2.2).
    private static let heuristicLimit = 86400

    /// The statuses whose responses may be kept on a guess (RFC 9110, 15.1). 206 is no response by itself here.
    static let heuristicStatuses: Set<Int> = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]

    /// - Parameters:
    ///   - requestTime: When the request went out, in seconds since 1970.
    ///   - responseTime: When the response came, likewise.
    ///   - fallback: The lifetime of a response that says nothing about it, in place of a guess.
    package init(_ head: ResponseHead, requestTime: Int64, responseTime: Int64, fallback: Int? = nil) {
        let targeted = CacheControl(targetedIn: head.fields)
        let control = targeted ?? CacheControl(head.fields)
        let date = head.fields["date"].flatMap { HTTPDate.seconds(parsing: $0, now: responseTime) } ?? responseTime
        self.initialAge = Self.initialAge(head.fields, date, requestTime, responseTime)
        if let seconds = control.sharedMaxAge ?? control.maxAge {
            self.lifetime = seconds
            self.isHeuristic = false
        } else if targeted == nil, let expires = head.fields["expires"] {
            // RFC 9111, 5.3: what is no date, `0` above all, has passed.
            let end = HTTPDate.seconds(parsing: expires, now: responseTime) ?? date
            self.lifetime = Int(max(0, end - date))
            self.isHeuristic = false
        } else {
            let isAllowed = control.isPublic || Self.heuristicStatuses.contains(head.status)
            let modified = head.fields["last-modified"].flatMap { HTTPDate.seconds(parsing: $0, now: responseTime) }
            let guess = fallback ?? modified.map { Self.guess(Int(date - $0)) } ?? 0
            self.lifetime = isAllowed ? guess : 0
            self.isHeuristic = true
        }
    }

    /// A tenth of the time for which nothing had changed (RFC 9111, 4.2.2).
    private static func guess(_ unchanged: Int) -> Int { min(max(0, unchanged / 10), self.heuristicLimit) }

    private static func initialAge(
        _ fields: HeaderFields,
        _ date: Int64,
        _ requestTime: Int64,
        _ responseTime: Int64
    ) -> Int {
        let apparentAge = Int(max(0, responseTime - date))
        let delay = Int(max(0, responseTime - requestTime))
        return max(apparentAge, Self.statedAge(fields) + delay)
    }

    /// The value of `Age` (RFC 9111, 5.1): of several the first counts, what is no number is no age, and a larger one than
    /// fits is the largest (1.2.2).
    static func statedAge(_ fields: HeaderFields) -> Int {
        guard let first = fields.list("age").first, first.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return 0 }
        return min(Int(first) ?? .max, 1 << 31)
    }
}
