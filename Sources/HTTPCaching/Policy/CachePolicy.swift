// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What an operator declares storable, for an upstream or one of its routes, whatever the origin's headers say.
package struct CachePolicy: Hashable, Sendable {
    /// How long a stored answer is fresh, 1 s to 365 d.
    package var ttl: Duration
    /// The methods whose answers may be stored. Default GET and HEAD; POST only where it is named.
    package var methods: Set<HTTPMethod> = [.get, .head]
    /// The statuses that may be stored. Default 200.
    package var statuses: Set<Int> = [200]
    /// Request fields whose values are part of the key, in lower case. Default `accept`, `accept-encoding` and
    /// `accept-language`, since an origin may answer by them.
    package var headers: [String] = ["accept", "accept-encoding", "accept-language"]
    /// Query parameters that are left out of the key, in lower case, beside the credentials.
    package var ignoredQuery: Set<String> = []
    /// Whether callers with different credentials share answers. Default no.
    package var sharesCredentials = false
    /// The largest answer that is stored, and the largest request that is hashed, in bytes. Default 10 MiB.
    package var maxEntry = 10 << 20

    package init(ttl: Duration) { self.ttl = ttl }
}
