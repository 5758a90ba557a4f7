// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What may be stored of an upstream or one of its routes, and by whose word.
package struct CachePolicy: Hashable, Sendable {
    /// Whose word it is that counts.
    package enum Mode: String, CaseIterable, Sendable {
        /// The origin's: a shared cache that follows the fields of answers (RFC 9111).
        case http
        /// The operator's, whatever those fields say.
        case ttl
    }

    package var mode: Mode
    /// How long a stored answer is fresh, 1 s to 365 d. In mode `http` that of answers which do not say it themselves;
    /// nil leaves them to the guess of RFC 9111, 4.2.2.
    package var ttl: Duration?
    /// The methods whose answers may be stored. Default GET and HEAD, and in mode `http` QUERY; POST only where it is
    /// named.
    package var methods: Set<HTTPMethod> = [.get, .head]
    /// The statuses that may be stored; nil: those that the mode allows. Default 200 in mode `ttl`.
    package var statuses: Set<Int>?
    /// Request fields whose values are part of the key, in lower case. Default in mode `ttl`: `accept`,
    /// `accept-encoding` and `accept-language`, since an origin may answer by them; in mode `http` it says so by `Vary`.
    package var headers: [String] = []
    /// Query parameters that are left out of the key, in lower case, beside the credentials.
    package var ignoredQuery: Set<String> = []
    /// Whether callers with different credentials share answers. Default no.
    package var sharesCredentials = false
    /// The largest answer that is stored, and the largest request that is hashed, in bytes. Default 10 MiB.
    package var maxEntry = 10 << 20
    /// How long past freshness a stored answer stands in for an error, 0 s to 365 d, unless the origin forbids it (mode
    /// `http` only). Default 0 s, and in mode `http` as long as the answer says.
    package var staleIfError: Duration = .zero
    /// How long after an error the upstream is not asked again for what a stale answer stands in for, 0 s to 1 h.
    package var holdDown: Duration = .seconds(5)
    /// How long past freshness a stored answer is kept, 0 s to 365 d. Nil: as long as it may be of use.
    package var retention: Duration?
    /// Whether stale answers are renewed behind the back of clients, where the origin allows it; not where calls cost.
    package var refreshesInBackground = true

    /// By the operator's word.
    package init(ttl: Duration) {
        self.mode = .ttl
        self.ttl = ttl
        self.statuses = [200]
        self.headers = ["accept", "accept-encoding", "accept-language"]
    }

    /// By the origin's word.
    package init() {
        self.mode = .http
        self.methods = [.get, .head, .query]
    }
}
