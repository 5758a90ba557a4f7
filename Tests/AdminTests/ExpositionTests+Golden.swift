// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Resilience

@testable import Admin
@testable import ProxyEngine

extension ExpositionTests {
    /// One upstream with an open circuit, beside a circuit that has seen nothing.
    static var example: Exposition {
        let weather = UpstreamMetrics(upstream: "weather")
        var report = ExchangeReport()
        report.decision = .pass
        report.cache = .miss
        report.outcome = .success
        for _ in 0..<3 { weather.exchangeStarted() }
        weather.exchangeEnded(report, status: 200)
        report.decision = .hit
        report.cache = .hit
        report.outcome = nil
        weather.exchangeEnded(report, status: 200, cost: 0.25)
        weather.attemptEnded(.success)
        weather.attemptEnded(.failure(.timeout))
        weather.cacheStored()
        weather.observe(.connect, .microseconds(800))
        weather.observe(.firstByte, .milliseconds(30))
        weather.observe(.total, .milliseconds(42))
        weather.observe(.total, .seconds(70))

        let engine = EngineMetrics()
        engine.exchangeEnded(ExchangeReport(), status: 404)
        engine.connectionOpened(at: .main)
        engine.connectionOpened(at: .main)
        engine.connectionClosed(at: .main)
        engine.connectionOpened(at: .admin)
        engine.transferred(bytesIn: 100, bytesOut: 2000, at: .main)

        var circuit = TimedCircuit("weather")
        circuit.attempt(.failure(.timeout))
        circuit.attempt(.failure(.timeout))
        circuit.attempt(.success)
        circuit.now += .milliseconds(1500)
        return Exposition(
            clock: WallClock(instant: circuit.now, sinceEpoch: .milliseconds(1_767_225_601_500)),
            upstreams: [weather],
            circuits: [circuit.reading, .closed("idle")],
            unrouted: engine.requests,
            connections: engine.connections,
            cached: [CacheHolding(upstream: "weather", entries: 2, bytes: 4096, evictions: 1)],
            cacheFile: CacheFileReading(entries: 3, dropped: 4),
            generation: 3,
            reloads: ReloadStatus.State(
                isSuccess: false,
                loadedAt: .seconds(1_767_225_590),
                successes: 2,
                failures: 1
            ),
            version: "1.2.3",
            process: ProcessStatistics(
                process: "1 (x) S 0 0 0 0 0 0 0 0 0 0 150 50 0 0 0 0 4 0 1000 0 10",
                system: "btime 1767225500",
                pageSize: 4096,
                ticksPerSecond: 100,
                openFiles: 9,
                maxFiles: 1024
            )
        )
    }

    static let golden = """
        # HELP windbreak_requests_total Exchanges with clients; upstream is - where none was named.
        # TYPE windbreak_requests_total counter
        windbreak_requests_total{upstream="weather",outcome="success",status_class="2xx",cache="miss",decision="pass"} 1
        windbreak_requests_total{upstream="weather",outcome="none",status_class="2xx",cache="hit",decision="hit"} 1
        windbreak_requests_total{upstream="-",outcome="none",status_class="4xx",cache="none",decision="local"} 1
        # HELP windbreak_inflight Exchanges that have begun and not ended.
        # TYPE windbreak_inflight gauge
        windbreak_inflight{upstream="weather"} 1
        # HELP windbreak_upstream_attempts_total Tries at an upstream; a failure goes by its kind.
        # TYPE windbreak_upstream_attempts_total counter
        windbreak_upstream_attempts_total{upstream="weather",kind="success"} 1
        windbreak_upstream_attempts_total{upstream="weather",kind="excluded"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="throttled"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="cancelled"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="dns"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="connect"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="tls"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="timeout"} 1
        windbreak_upstream_attempts_total{upstream="weather",kind="reset"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="protocol"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="status"} 0
        windbreak_upstream_attempts_total{upstream="weather",kind="body"} 0
        # HELP windbreak_upstream_duration_seconds How long the steps of an attempt took.
        # TYPE windbreak_upstream_duration_seconds histogram
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.001"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.0025"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.005"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.01"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.025"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.05"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.1"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.25"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="0.5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="1"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="2.5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="10"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="30"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="60"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="connect",le="+Inf"} 1
        windbreak_upstream_duration_seconds_sum{upstream="weather",phase="connect"} 0.0008
        windbreak_upstream_duration_seconds_count{upstream="weather",phase="connect"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.001"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.0025"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.005"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.01"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.025"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.05"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.1"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.25"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="0.5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="1"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="2.5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="10"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="30"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="60"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="first_byte",le="+Inf"} 1
        windbreak_upstream_duration_seconds_sum{upstream="weather",phase="first_byte"} 0.03
        windbreak_upstream_duration_seconds_count{upstream="weather",phase="first_byte"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.001"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.0025"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.005"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.01"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.025"} 0
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.05"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.1"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.25"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="0.5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="1"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="2.5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="5"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="10"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="30"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="60"} 1
        windbreak_upstream_duration_seconds_bucket{upstream="weather",phase="total",le="+Inf"} 2
        windbreak_upstream_duration_seconds_sum{upstream="weather",phase="total"} 70.042
        windbreak_upstream_duration_seconds_count{upstream="weather",phase="total"} 2
        # HELP windbreak_breaker_state 0 closed, 1 half-open, 2 open, 3 forced open, 4 forced closed.
        # TYPE windbreak_breaker_state gauge
        windbreak_breaker_state{upstream="weather"} 2
        windbreak_breaker_state{upstream="idle"} 0
        # HELP windbreak_breaker_state_info 1 for the state that the circuit is in.
        # TYPE windbreak_breaker_state_info gauge
        windbreak_breaker_state_info{upstream="weather",state="open"} 1
        windbreak_breaker_state_info{upstream="idle",state="closed"} 1
        # HELP windbreak_breaker_retry_at_seconds When an open circuit lets a probe pass, in seconds since 1970.
        # TYPE windbreak_breaker_retry_at_seconds gauge
        windbreak_breaker_retry_at_seconds{upstream="weather"} 1767225660
        # HELP windbreak_breaker_transitions_total Moves from one state to another.
        # TYPE windbreak_breaker_transitions_total counter
        windbreak_breaker_transitions_total{upstream="weather",from="closed",to="open",cause="failures"} 1
        # HELP windbreak_breaker_rejected_total Attempts that were not let through.
        # TYPE windbreak_breaker_rejected_total counter
        windbreak_breaker_rejected_total{upstream="weather",reason="open"} 1
        windbreak_breaker_rejected_total{upstream="weather",reason="forced"} 0
        windbreak_breaker_rejected_total{upstream="weather",reason="half-open"} 0
        windbreak_breaker_rejected_total{upstream="idle",reason="open"} 0
        windbreak_breaker_rejected_total{upstream="idle",reason="forced"} 0
        windbreak_breaker_rejected_total{upstream="idle",reason="half-open"} 0
        # HELP windbreak_breaker_would_reject_total Attempts that were let through only because the circuit observes.
        # TYPE windbreak_breaker_would_reject_total counter
        windbreak_breaker_would_reject_total{upstream="weather"} 0
        windbreak_breaker_would_reject_total{upstream="idle"} 0
        # HELP windbreak_breaker_open_seconds_total How long the circuit has been open in all.
        # TYPE windbreak_breaker_open_seconds_total counter
        windbreak_breaker_open_seconds_total{upstream="weather"} 1.5
        windbreak_breaker_open_seconds_total{upstream="idle"} 0
        # HELP windbreak_late_results_total Outcomes that came back after the circuit had moved on, and moved nothing.
        # TYPE windbreak_late_results_total counter
        windbreak_late_results_total{upstream="weather"} 0
        windbreak_late_results_total{upstream="idle"} 0
        # HELP windbreak_cache_hits_total Exchanges that were answered from the cache.
        # TYPE windbreak_cache_hits_total counter
        windbreak_cache_hits_total{upstream="weather"} 1
        # HELP windbreak_cache_misses_total Exchanges that the cache could have answered, and did not.
        # TYPE windbreak_cache_misses_total counter
        windbreak_cache_misses_total{upstream="weather"} 1
        # HELP windbreak_cache_stale_total Exchanges that were answered from the cache after its time was up.
        # TYPE windbreak_cache_stale_total counter
        windbreak_cache_stale_total{upstream="weather"} 0
        # HELP windbreak_cache_coalesced_total Exchanges that shared the attempt of an identical one.
        # TYPE windbreak_cache_coalesced_total counter
        windbreak_cache_coalesced_total{upstream="weather"} 0
        # HELP windbreak_cache_stores_total Answers that were put into the cache.
        # TYPE windbreak_cache_stores_total counter
        windbreak_cache_stores_total{upstream="weather"} 1
        # HELP windbreak_cache_calls_saved_total Exchanges that made no call of their own: hits, stale answers and shared attempts.
        # TYPE windbreak_cache_calls_saved_total counter
        windbreak_cache_calls_saved_total{upstream="weather"} 1
        # HELP windbreak_cache_cost_saved_total What those calls would have cost, by the cost of their routes.
        # TYPE windbreak_cache_cost_saved_total counter
        windbreak_cache_cost_saved_total{upstream="weather"} 0.25
        # HELP windbreak_cache_evictions_total Answers that had to make room for others.
        # TYPE windbreak_cache_evictions_total counter
        windbreak_cache_evictions_total{upstream="weather"} 1
        # HELP windbreak_cache_entries Answers that are stored.
        # TYPE windbreak_cache_entries gauge
        windbreak_cache_entries{upstream="weather"} 2
        # HELP windbreak_cache_bytes Memory that stored answers take.
        # TYPE windbreak_cache_bytes gauge
        windbreak_cache_bytes{upstream="weather"} 4096
        # HELP windbreak_cache_file_entries Keys for which the file has an answer.
        # TYPE windbreak_cache_file_entries gauge
        windbreak_cache_file_entries 3
        # HELP windbreak_cache_file_dropped_total Answers that are not in the file since it could not be written in time.
        # TYPE windbreak_cache_file_dropped_total counter
        windbreak_cache_file_dropped_total 4
        # HELP windbreak_connections_open Connections of clients that are open.
        # TYPE windbreak_connections_open gauge
        windbreak_connections_open{listener="main"} 1
        windbreak_connections_open{listener="admin"} 1
        # HELP windbreak_connections_total Connections of clients that were accepted.
        # TYPE windbreak_connections_total counter
        windbreak_connections_total{listener="main"} 2
        windbreak_connections_total{listener="admin"} 1
        # HELP windbreak_received_bytes_total Octets of requests.
        # TYPE windbreak_received_bytes_total counter
        windbreak_received_bytes_total{listener="main"} 100
        windbreak_received_bytes_total{listener="admin"} 0
        # HELP windbreak_sent_bytes_total Octets of answers.
        # TYPE windbreak_sent_bytes_total counter
        windbreak_sent_bytes_total{listener="main"} 2000
        windbreak_sent_bytes_total{listener="admin"} 0
        # HELP windbreak_config_generation The number of the configuration in use.
        # TYPE windbreak_config_generation gauge
        windbreak_config_generation 3
        # HELP windbreak_config_last_reload_success Whether the last attempt to load the file succeeded.
        # TYPE windbreak_config_last_reload_success gauge
        windbreak_config_last_reload_success 0
        # HELP windbreak_config_last_reload_timestamp_seconds When the configuration in use was loaded.
        # TYPE windbreak_config_last_reload_timestamp_seconds gauge
        windbreak_config_last_reload_timestamp_seconds 1767225590
        # HELP windbreak_config_reloads_total Attempts to load the file again.
        # TYPE windbreak_config_reloads_total counter
        windbreak_config_reloads_total{result="success"} 2
        windbreak_config_reloads_total{result="failure"} 1
        # HELP windbreak_build_info The version that runs.
        # TYPE windbreak_build_info gauge
        windbreak_build_info{version="1.2.3"} 1
        # HELP process_start_time_seconds When the process started, in seconds since 1970.
        # TYPE process_start_time_seconds gauge
        process_start_time_seconds 1767225510
        # HELP process_cpu_seconds_total Processor time, user and system.
        # TYPE process_cpu_seconds_total counter
        process_cpu_seconds_total 2
        # HELP process_resident_memory_bytes Memory that is resident.
        # TYPE process_resident_memory_bytes gauge
        process_resident_memory_bytes 40960
        # HELP process_open_fds Open file descriptors.
        # TYPE process_open_fds gauge
        process_open_fds 9
        # HELP process_max_fds The most file descriptors that may be open.
        # TYPE process_max_fds gauge
        process_max_fds 1024

        """
}
