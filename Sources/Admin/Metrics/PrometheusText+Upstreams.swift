// SPDX-License-Identifier: Apache-2.0

import ProxyEngine

extension PrometheusText {
    /// Exchanges and attempts: what went through, how it went and how long it took.
    mutating func writeUpstreams(_ upstreams: [UpstreamMetrics], unrouted: RequestCounters) {
        self.family("windbreak_requests_total", .counter, "Exchanges with clients; upstream is - where none was named.")
        for upstream in upstreams { self.writeRequests(upstream.requests, of: upstream.upstream) }
        self.writeRequests(unrouted, of: "-")

        self.family("windbreak_inflight", .gauge, "Exchanges that have begun and not ended.")
        for upstream in upstreams {
            self.sample("windbreak_inflight", ["upstream": upstream.upstream], upstream.inFlight)
        }

        self.family("windbreak_upstream_attempts_total", .counter, "Tries at an upstream; a failure goes by its kind.")
        for upstream in upstreams {
            for (kind, count) in upstream.attemptCounts {
                self.sample("windbreak_upstream_attempts_total", ["upstream": upstream.upstream, "kind": kind], count)
            }
        }

        self.family("windbreak_upstream_duration_seconds", .histogram, "How long the steps of an attempt took.")
        for upstream in upstreams {
            for timing in UpstreamMetrics.Timing.allCases {
                self.writeDurations(upstream.durations(of: timing), of: upstream.upstream, phase: timing.label)
            }
        }
    }

    private mutating func writeRequests(_ requests: RequestCounters, of upstream: String) {
        for sample in requests.samples {
            self.sample(
                "windbreak_requests_total",
                [
                    "upstream": upstream,
                    "outcome": sample.outcome,
                    "status_class": sample.statusClass,
                    "cache": sample.cache,
                    "decision": sample.decision,
                ],
                sample.count
            )
        }
    }

    private mutating func writeDurations(_ durations: DurationSample, of upstream: String, phase: String) {
        let name = "windbreak_upstream_duration_seconds"
        for bucket in durations.buckets {
            self.sample(
                "\(name)_bucket",
                ["upstream": upstream, "phase": phase, "le": Self.number(bucket.bound)],
                bucket.count
            )
        }
        self.sample("\(name)_bucket", ["upstream": upstream, "phase": phase, "le": "+Inf"], durations.count)
        self.sample("\(name)_sum", ["upstream": upstream, "phase": phase], durations.sum)
        self.sample("\(name)_count", ["upstream": upstream, "phase": phase], durations.count)
    }
}
