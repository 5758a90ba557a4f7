// SPDX-License-Identifier: Apache-2.0

package import HTTPCaching
import HTTPMessage
import NIOCore

extension CacheKey {
    /// A different key for every number.
    package static func numbered(_ number: Int) -> CacheKey {
        CacheKey(
            upstream: "test",
            method: .get,
            target: "/\(number)",
            fields: [:],
            content: ByteBuffer(),
            policy: CachePolicy(ttl: .seconds(60)),
            credentials: CredentialNames()
        )
    }
}
