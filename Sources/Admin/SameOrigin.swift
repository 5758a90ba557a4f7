// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine

extension LocalRequest {
    /// Refuses what a page of another site makes a browser send: the admin listener trusts whoever reaches it, and a
    /// browser on the same machine reaches it for everybody.
    ///
    /// - Parameter action: What it may not do.
    func requireSameOrigin(_ action: String) throws(ProxyError) {
        let site = self.head.fields["sec-fetch-site"] ?? "none"
        let origin = self.head.fields["origin"]
        let host = self.head.fields["host"] ?? ""
        let isOwn = origin.map { $0.equalsIgnoringCase("http://\(host)") } ?? true
        guard isOwn, site == "none" || site == "same-origin" else {
            throw ProxyError(.crossSite, "a page of another site may not \(action)")
        }
    }
}
