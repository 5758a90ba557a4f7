// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
package import ProxyEngine

/// What the proxy tells of itself, and what an operator may tell it.
package enum AdminRoutes {
    /// Beside the upstreams, for whoever may use them: whether they can be used.
    package static func main(_ snapshot: Snapshot) -> [LocalRoute] {
        let circuits = snapshot.upstreams.map(\.circuit)
        return [
            LocalRoute(path: "/-/health", methods: [.get], handler: HealthEndpoint(circuits: circuits)),
            LocalRoute(path: "/-/circuits", methods: [.get], handler: CircuitsEndpoint(circuits: circuits)),
        ]
    }

    /// On a listener of its own, for the operator alone.
    package static func admin(_ snapshot: Snapshot, reloads: ReloadStatus) -> [LocalRoute] {
        let circuits = snapshot.upstreams.map(\.circuit)
        let each = circuits.map { circuit in
            LocalRoute(
                path: "/circuits/\(circuit.name)",
                methods: [.get, .post],
                handler: CircuitEndpoint(circuit: circuit)
            )
        }
        return each + [
            LocalRoute(path: "/", methods: [.get], handler: Dashboard(circuits: circuits)),
            LocalRoute(path: "/health", methods: [.get], handler: HealthEndpoint(circuits: circuits)),
            LocalRoute(path: "/circuits", methods: [.get], handler: CircuitsEndpoint(circuits: circuits)),
            LocalRoute(path: "/cache", methods: [.get], handler: CacheEndpoint(cache: snapshot.cache)),
            LocalRoute(path: "/cache/purge", methods: [.post], handler: CachePurgeEndpoint(cache: snapshot.cache)),
            LocalRoute(
                path: "/cache",
                methods: [.get],
                isPrefix: true,
                handler: CacheEntryEndpoint(cache: snapshot.cache)
            ),
            LocalRoute(
                path: "/metrics",
                methods: [.get],
                handler: MetricsEndpoint(snapshot: snapshot, reloads: reloads)
            ),
        ]
    }
}
