// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct DrainTests {
    @Test func whatRunsIsFinishedAndNothingNewIsTaken() async throws {
        let gate = Gate()
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").after(gate) }
        try await withProxy(to: upstream, threads: 2) { proxy in
            let idle = try await proxy.client()
            #expect(try await idle.exchange("GET", "/nowhere").status == 404)
            let busy = try await proxy.client()
            try await busy.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            let drain = Task { await proxy.engine.drain(within: .seconds(20)) }
            #expect(try await idle.end() == .finished)
            // Not by connecting: another test may have been given the port by now.
            #expect(proxy.engine.mainAddresses.isEmpty)
            gate.open()
            let response = try await busy.response()
            #expect(response.text == "hello" && response.isComplete)
            #expect(response.fields["connection"] == "close")
            #expect(try await busy.end() == .finished)
            #expect(await drain.value == 0)
        }
    }

    @Test func whatDoesNotEndInTimeIsCutOff() async throws {
        let upstream = try await FaultyUpstream { _ in .stall }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET", "/api/")
            try await upstream.requests(atLeast: 1)
            #expect(await proxy.engine.drain(within: .milliseconds(100)) == 1)
            #expect(try await client.end() == .reset)
            _ = try await upstream.end(ofConnection: 0)
        }
    }

    @Test func timeThatIsUpBeforeAnybodyWaitsEndsTheWait() async throws {
        let open = OpenCount()
        open.add()
        open.giveUp()
        try await within(.seconds(5), "the wait") { await open.isZero() }
        #expect(open.count == 1)
    }

    @Test func withoutConnectionsItTakesNoTime() async throws {
        try await withProxy { _ in
        } _: { (proxy) async throws in
            #expect(try await within(.seconds(5), "a drain") { await proxy.engine.drain(within: .seconds(60)) } == 0)
        }
    }
}
