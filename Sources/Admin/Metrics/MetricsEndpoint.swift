// SPDX-License-Identifier: Apache-2.0

import CacheFile
import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyEngine

/// `GET /metrics`, for Prometheus and whatever reads its format.
struct MetricsEndpoint: LocalHandler {
    let snapshot: Snapshot
    let reloads: ReloadStatus

    var maxBody: Int { 0 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        let upstreams = self.snapshot.upstreams
        let cache = self.snapshot.cache.statistics
        let exposition = Exposition(
            clock: .now,
            upstreams: upstreams.map(\.metrics),
            circuits: upstreams.map(\.circuit).readings,
            unrouted: self.snapshot.metrics.requests,
            connections: self.snapshot.metrics.connections,
            cached: upstreams.map { upstream in
                let holding = cache.holdings[upstream.name]
                return CacheHolding(
                    upstream: upstream.name,
                    entries: holding?.entries ?? 0,
                    bytes: holding?.bytes ?? 0,
                    evictions: cache.evictions[upstream.name] ?? 0
                )
            },
            cacheFile: self.snapshot.cacheFile.map { CacheFileReading(entries: $0.count, dropped: $0.dropped) },
            generation: self.snapshot.generation,
            reloads: self.reloads.current,
            version: BuildInfo.version,
            process: .current
        )
        return LocalResponse(
            200,
            fields: ["Content-Type": PrometheusText.contentType, "Cache-Control": "no-store"],
            body: ByteBuffer(string: exposition.text)
        )
    }
}
