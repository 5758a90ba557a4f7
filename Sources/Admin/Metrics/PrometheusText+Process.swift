// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine

extension PrometheusText {
    /// Connections of clients, and what went over them.
    mutating func writeConnections(_ listeners: [EngineMetrics.Connections]) {
        self.family("windbreak_connections_open", .gauge, "Connections of clients that are open.")
        for one in listeners { self.sample("windbreak_connections_open", ["listener": one.listener], one.open) }
        self.family("windbreak_connections_total", .counter, "Connections of clients that were accepted.")
        for one in listeners { self.sample("windbreak_connections_total", ["listener": one.listener], one.accepted) }
        self.family("windbreak_received_bytes_total", .counter, "Octets of requests.")
        for one in listeners { self.sample("windbreak_received_bytes_total", ["listener": one.listener], one.bytesIn) }
        self.family("windbreak_sent_bytes_total", .counter, "Octets of answers.")
        for one in listeners { self.sample("windbreak_sent_bytes_total", ["listener": one.listener], one.bytesOut) }
    }

    /// The file that is in use, and what became of later ones.
    mutating func writeConfiguration(generation: Int, _ reloads: ReloadStatus.State) {
        self.single("windbreak_config_generation", .gauge, "The number of the configuration in use.", generation)
        self.single(
            "windbreak_config_last_reload_success",
            .gauge,
            "Whether the last attempt to load the file succeeded.",
            reloads.isSuccess ? 1 : 0
        )
        self.single(
            "windbreak_config_last_reload_timestamp_seconds",
            .gauge,
            "When the configuration in use was loaded.",
            reloads.loadedAt.roundedSeconds
        )
        self.family("windbreak_config_reloads_total", .counter, "Attempts to load the file again.")
        self.sample("windbreak_config_reloads_total", ["result": "success"], reloads.successes)
        self.sample("windbreak_config_reloads_total", ["result": "failure"], reloads.failures)
    }

    mutating func writeProcess(version: String, _ process: ProcessStatistics?) {
        self.family("windbreak_build_info", .gauge, "The version that runs.")
        self.sample("windbreak_build_info", ["version": version], 1)
        guard let process else { return }
        self.single(
            "process_start_time_seconds",
            .gauge,
            "When the process started, in seconds since 1970.",
            process.startTimeSeconds
        )
        self.single("process_cpu_seconds_total", .counter, "Processor time, user and system.", process.cpuSeconds)
        self.single("process_resident_memory_bytes", .gauge, "Memory that is resident.", process.residentBytes)
        self.single("process_open_fds", .gauge, "Open file descriptors.", process.openFiles)
        self.single("process_max_fds", .gauge, "The most file descriptors that may be open.", process.maxFiles)
    }
}
