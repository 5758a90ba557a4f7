// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("The life of the process")
struct LifeTests {
    @Test("writes its number to a file, and removes it at the end", arguments: [SIGTERM, SIGINT])
    func pidFile(_ signal: Int32) async throws {
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: "http://127.0.0.1:1"))
        try workplace.write("999999999\n", to: "windbreak.pid")
        let serving = try await Serving(workplace, "--pid-file", workplace.path("windbreak.pid"))
        defer { serving.kill() }
        #expect(workplace.read("windbreak.pid") == "\(serving.process.identifier)\n")

        let second = try await windbreak(
            "--config",
            workplace.configuration,
            "--pid-file",
            workplace.path("windbreak.pid")
        )
        #expect(second.status == 1)
        #expect(second.errors.contains("belongs to process \(serving.process.identifier)"))

        serving.process.send(signal)
        #expect(try await serving.process.end() == 0)
        try await serving.process.line("finishing what runs, for 30s at most")
        #expect(workplace.read("windbreak.pid") == nil)
    }

    @Test("ends with 1 and a sentence when its port is taken")
    func portInUse() async throws {
        let taken = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: taken.url, listen: "127.0.0.1:\(taken.port)"))
        let run = try await windbreak("--config", workplace.configuration)
        #expect(run.status == 1)
        #expect(run.errors.contains("cannot listen on 127.0.0.1:\(taken.port)"))
        await taken.stop()
    }

    @Test("finishes what runs before it ends")
    func drain() async throws {
        let gate = Gate()
        let origin = try await FaultyUpstream { _ in .respond(body: "late").after(gate) }
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        async let response = serving.get("/origin/slow")
        try await origin.requests(atLeast: 1)
        serving.process.send(SIGTERM)
        try await serving.process.line("[STOP] SIGTERM")
        #expect(serving.process.isRunning)
        gate.open()
        #expect(try await response.text == "late")
        #expect(try await serving.process.end() == 0)
        await origin.stop()
    }

    @Test("cuts off what is not finished when the time is up")
    func drainTimeout() async throws {
        let origin = try await FaultyUpstream { _ in .stall }
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url, more: "drain_timeout: 100ms"))
        let serving = try await Serving(workplace)
        defer { serving.kill() }
        let client = try await TestClient(to: serving.port)
        try await client.send("GET", "/origin/never")
        try await origin.requests(atLeast: 1)
        serving.process.send(SIGTERM)
        #expect(try await serving.process.end() == 0)
        try await serving.process.line("connections_cut=1")
        await origin.stop()
    }

    @Test("ends at once at the second signal")
    func secondSignal() async throws {
        let origin = try await FaultyUpstream { _ in .stall }
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url))
        let serving = try await Serving(workplace, "--pid-file", workplace.path("windbreak.pid"))
        defer { serving.kill() }
        let client = try await TestClient(to: serving.port)
        try await client.send("GET", "/origin/never")
        try await origin.requests(atLeast: 1)
        serving.process.send(SIGTERM)
        try await serving.process.line("[STOP] SIGTERM")
        serving.process.send(SIGTERM)
        #expect(try await serving.process.end() == 1)
        #expect(workplace.read("windbreak.pid") == nil)
        await origin.stop()
    }
}
