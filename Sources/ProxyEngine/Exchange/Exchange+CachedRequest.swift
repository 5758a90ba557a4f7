// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage

extension Exchange {
    /// What an operator is shown of a stored answer, and finds it by.
    var cachedRequest: CachedRequest {
        CachedRequest(
            upstream: self.upstream.name,
            method: self.request.head.method,
            target: self.upstream.mask.masked(String(self.path))
        )
    }
}
