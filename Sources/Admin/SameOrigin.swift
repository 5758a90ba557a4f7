// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration
import ProxyEngine

extension LocalRequest {
    /// Refuses what a page of another site makes a browser send: the admin listener trusts whoever reaches it, and a
    /// browser on the same machine reaches it for everybody.
    ///
    /// A name that is no address may lead anywhere, and to here a moment after it led to the page: by DNS alone such a
    /// page would be of the same site. Over TLS the certificate would not be for that name.
    ///
    /// - Parameter action: What it may not do.
    func requireSameOrigin(_ action: String) throws(ProxyError) {
        let site = self.head.fields["sec-fetch-site"] ?? "none"
        let origin = self.head.fields["origin"]
        let host = self.head.fields["host"] ?? ""
        let own = "\(self.client.isTLS ? "https" : "http")://\(host)"
        guard origin.map({ $0.equalsIgnoringCase(own) }) ?? true, site == "none" || site == "same-origin" else {
            throw ProxyError(.crossSite, "a page of another site may not \(action)")
        }
        guard origin == nil || self.client.isTLS || host.namesAddress else {
            throw ProxyError(.crossSite, "a page may \(action) by an address or localhost, not by another name")
        }
    }
}

extension String {
    /// Whether a value of `Host` needs nobody's word for where it leads.
    fileprivate var namesAddress: Bool {
        guard let authority = Authority(self[...]) else { return false }
        return authority.name == "localhost" || IPAddress(authority.name) != nil
    }
}
