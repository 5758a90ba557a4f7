// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine

/// Everything that is exposed, as it was at one moment.
struct Exposition {
    let clock: WallClock
    let upstreams: [UpstreamMetrics]
    let circuits: [CircuitReading]
    /// Requests that went to no upstream.
    let unrouted: RequestCounters
    let connections: [EngineMetrics.Connections]
    let cached: [CacheHolding]
    let cacheFile: CacheFileReading?
    let generation: Int
    let reloads: ReloadStatus.State
    let version: String
    let process: ProcessStatistics?

    var text: String {
        var text = PrometheusText()
        text.writeUpstreams(self.upstreams, unrouted: self.unrouted)
        text.writeCircuits(self.circuits, at: self.clock)
        text.writeUse(of: self.upstreams)
        text.writeHoldings(self.cached)
        text.writeFile(self.cacheFile)
        text.writeConnections(self.connections)
        text.writeConfiguration(generation: self.generation, self.reloads)
        text.writeProcess(version: self.version, self.process)
        return text.text
    }
}
