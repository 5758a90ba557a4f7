// SPDX-License-Identifier: Apache-2.0

package import HTTPCaching
import HTTPMessage
import NIOCore
package import ProxyConfiguration

/// One declared upstream as a snapshot knows it: its settings, which a reload replaces, and what outlives reloads.
package struct Upstream: Sendable {
    package let configuration: UpstreamConfiguration
    package let circuit: Circuit
    package let metrics: UpstreamMetrics
    /// The answers of all upstreams.
    package let store: MemoryStore
    let flights: InFlight<SharedAttempt.Result>
    let connector: Connector
    /// One pool for each worker, by its index.
    let pools: [NIOLoopBoundBox<ConnectionPool>]
    let cacheLog: CacheLog
    /// What of a request is a credential, for keys of the cache.
    let credentials: CredentialNames

    package var name: String { self.configuration.name }

    func pool(of worker: Worker) -> ConnectionPool { self.pools[worker.index].value }
}
