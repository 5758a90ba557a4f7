// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What an entry answers, in words: a key is a digest, which nobody can read.
package struct CachedRequest: Hashable, Sendable {
    /// Its name.
    package let upstream: String
    package let method: HTTPMethod
    /// Below the upstream's mount, with the query; secrets are hidden.
    package let target: String

    package init(upstream: String, method: HTTPMethod, target: String) {
        self.upstream = upstream
        self.method = method
        self.target = target
    }
}
