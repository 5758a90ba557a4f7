// SPDX-License-Identifier: Apache-2.0

import LocalAuthority
import ProxyConfiguration

extension Interception {
    /// Reads the authority's files. Nil where nothing is intercepted.
    convenience init?(_ configuration: Configuration) throws(EngineError) {
        guard !configuration.forward.intercept.isEmpty else { return nil }
        let files = AuthorityReading(configuration)
        if let flaw = files.flaws.first { throw EngineError.cannotIntercept(flaw.description) }
        guard let authority = files.authority else { return nil }
        self.init(authority, upstreams: Set(configuration.forward.intercept))
    }
}
