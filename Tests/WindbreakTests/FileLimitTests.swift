// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
import Foundation
import TestSupport
import Testing

@Suite("A process that may open no more files")
struct FileLimitTests {
    @Test("waits until it may, without turning in circles, and goes on")
    func exhaustion() async throws {
        let origin = try await FaultyUpstream()
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url))
        let unlimited = try await Serving(workplace, files: 1000)
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(unlimited.process.identifier)/fd").count
        unlimited.kill()

        let serving = try await Serving(workplace, files: open + 5)
        defer { serving.kill() }
        #expect(try await serving.get("/origin/").status == 200)
        var clients: [TestClient] = []
        for _ in 0..<20 { clients.append(try await TestClient(to: serving.port)) }
        try await serving.refusals(1)
        // One that has got in is answered, though there is no file for its way to the upstream.
        let exhausted = try await clients[0].exchange("GET", "/-/health")
        #expect(exhausted.status == 200)
        let before = try serving.process.processorTime()
        // It is tried again once a second.
        try await serving.refusals(3)
        for _ in 0..<20 { #expect(try await clients[0].exchange("GET", "/-/health").status == 200) }
        let ticks = try serving.process.processorTime() - before
        #expect(ticks < 50, "\(ticks) ticks of the processor in two seconds")
        let refusals = serving.process.log.value.count { $0.contains("[LIMIT] cannot accept") }
        #expect(refusals < 20, "\(refusals) lines")

        for client in clients { await client.close() }
        try await eventually("there to be files again") {
            (try? await serving.get("/origin/").status) == 200
        }
        let circuits = try await serving.get("/-/circuits")
        #expect(circuits.text.contains("\"fail_count\":0"), "\(circuits.text)")
        await origin.stop()
    }

    @Test("keeps some for the operator, whatever clients of HTTP/2 ask for at once")
    func reserve() async throws {
        let origin = try await FaultyUpstream { _ in .stall }
        let workplace = try Workplace()
        defer { workplace.remove() }
        try workplace.write(Workplace.file(upstream: origin.url))
        let serving = try await Serving(workplace, files: 256)
        defer { serving.kill() }
        var clients: [HTTP2Client] = []
        for _ in 0..<3 {
            let client = try await HTTP2Client(to: serving.port)
            try await client.send((0..<100).map { .get("/origin/", stream: 2 * $0 + 1) })
            clients.append(client)
        }
        // Answered at once: there is no file for its way to the upstream, of which that says nothing.
        _ = try await clients[2].frame { $0.kind == .headers && $0.stream == 199 }
        let admin = try await TestClient(to: serving.adminPort)
        #expect(try await admin.exchange("GET", "/circuits/origin").text.contains("\"fail_count\":0"))
        #expect(!serving.process.log.value.contains { $0.contains("cannot accept") })
        await admin.close()
        for client in clients { await client.client.close() }
        await origin.stop()
    }
}

extension Serving {
    /// Waits until it has so often failed to accept.
    fileprivate func refusals(_ count: Int) async throws {
        try await self.process.log.wait(for: "\(count) refusals") { lines in
            let refusals = lines.count { $0.contains("[LIMIT] cannot accept connections: Too many open files") }
            return refusals >= count ? true : nil
        }
    }
}

extension WindbreakProcess {
    /// What it has used, in ticks of a hundredth of a second.
    fileprivate func processorTime() throws -> Int {
        let stat = try String(contentsOfFile: "/proc/\(self.identifier)/stat", encoding: .utf8)
        let fields = stat.split(separator: ") ").last?.split(separator: " ") ?? []
        return [11, 12].reduce(0) { $0 + (Int(fields[$1]) ?? 0) }
    }
}
#endif
