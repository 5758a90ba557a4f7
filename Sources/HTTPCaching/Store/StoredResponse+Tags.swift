// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension StoredResponse {
    /// The names under which the origin wants it purged: the words of `Surrogate-Key`, and the members of `Cache-Tag`.
    package var tags: [String] {
        let keys = self.fields.values(of: "surrogate-key").flatMap { $0.split(separator: " ") }
        return (keys + self.fields.list("cache-tag")).map(String.init)
    }
}
