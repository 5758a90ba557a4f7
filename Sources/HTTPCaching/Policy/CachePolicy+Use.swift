// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

extension CachePolicy {
    /// What the cache does with a request.
    package enum Use: Hashable, Sendable {
        /// A stored answer is served; a new one is stored.
        case lookUp
        /// A new answer is fetched and stored.
        case refresh
        /// The cache stays out of it.
        case bypass(CacheStatus.Reason)
    }

    /// The fields of requests for something else than the whole answer (RFC 9110, 13.1 and 14.2).
    private static let conditions = [
        "range", "if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range",
    ]

    /// Decides by the head alone. Content whose length turns out only later to be more than `maxEntry` is the caller's
    /// to see.
    package func use(for head: RequestHead) -> Use {
        guard self.methods.contains(head.method) else { return .bypass(.method) }
        guard !Self.conditions.contains(where: { head.fields.contains($0) }) else { return .bypass(.bypass) }
        if let length = head.fields["content-length"], Int(length).map({ $0 > self.maxEntry }) ?? true {
            return .bypass(.bypass)
        }
        guard head.fields.contains("cache-control") else {
            // RFC 9111, 5.4: only where there is no Cache-Control.
            return head.fields.list("pragma", contains: "no-cache") ? .refresh : .lookUp
        }
        if head.fields.list("cache-control", contains: "no-store") { return .bypass(.bypass) }
        return head.fields.list("cache-control", contains: "no-cache") ? .refresh : .lookUp
    }

    /// Whether an answer to such a request may be kept.
    ///
    /// - Parameter isComplete: Whether all of the content came, with the end that its framing promised.
    package func mayStore(_ head: ResponseHead, contentBytes: Int, isComplete: Bool) -> Bool {
        isComplete
            && self.statuses.contains(head.status)
            // Neither is an answer by itself, whatever the file says.
            && head.status != 206 && head.status != 304
            && contentBytes <= self.maxEntry
            // A cookie is for one client.
            && !head.fields.contains("set-cookie")
            // RFC 9111, 4.1: no later request can match.
            && !head.fields.list("vary", contains: "*")
    }
}
