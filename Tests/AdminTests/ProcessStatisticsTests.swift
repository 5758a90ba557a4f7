// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Admin

@Suite("Process statistics")
struct ProcessStatisticsTests {
    @Test("are read from what the kernel writes, whatever the command is called")
    func parse() {
        let process = """
            42 (wind ) (break) S 1 42 42 0 -1 4194304 100 0 0 0 150 50 0 0 20 0 4 0 1000 99999 2000 18446744073709551615 1 1 0
            """
        let statistics = ProcessStatistics(
            process: process,
            system: "cpu  1 2 3\nintr 5\nbtime 1767225600\nprocesses 9\n",
            pageSize: 4096,
            ticksPerSecond: 100,
            openFiles: 7,
            maxFiles: 1024
        )
        #expect(statistics?.startTimeSeconds == 1_767_225_610)
        #expect(statistics?.cpuSeconds == 2)
        #expect(statistics?.residentBytes == 8_192_000)
        #expect(statistics?.openFiles == 7)
    }

    @Test("are left out where they cannot be read", arguments: ["", "42 (windbreak", "42 (windbreak) S 1 2 3"])
    func garbage(process: String) {
        let statistics = ProcessStatistics(
            process: process,
            system: "btime 1\n",
            pageSize: 4096,
            ticksPerSecond: 100,
            openFiles: 0,
            maxFiles: 0
        )
        #expect(statistics == nil)
    }

    #if os(Linux)
    @Test("describe this very process")
    func current() {
        let statistics = ProcessStatistics.current
        #expect((statistics?.residentBytes ?? 0) > 1 << 20)
        #expect((statistics?.openFiles ?? 0) >= 3)
        #expect((statistics?.startTimeSeconds ?? 0) > 1_600_000_000)
    }
    #endif
}
