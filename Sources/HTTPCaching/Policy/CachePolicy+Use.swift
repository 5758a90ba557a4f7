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

    /// Decides by the head alone. Content whose length turns out only later to be more than `maxEntry` is the caller's
    /// to see.
    package func use(for head: RequestHead, _ demands: RequestDemands) -> Use {
        // Of two or three, comparing is cheaper than hashing.
        guard self.methods.contains(where: { $0 == head.method }) else { return .bypass(.method) }
        if demands.isForOrigin || demands.control?.noStore == true { return .bypass(.bypass) }
        if let length = head.fields["content-length"], Int(length).map({ $0 > self.maxEntry }) ?? true {
            return .bypass(.bypass)
        }
        switch self.mode {
        case .http:
            return .lookUp
        case .ttl:
            if demands.isConditional || demands.range != nil { return .bypass(.bypass) }
            return demands.control?.noCache == nil ? .lookUp : .refresh
        }
    }

    /// The method that stands in keys: in mode `http` HEAD is answered from what GET has stored (RFC 9111, 4).
    package func keyMethod(for method: HTTPMethod) -> HTTPMethod {
        self.mode == .http && method == .head ? .get : method
    }
}
