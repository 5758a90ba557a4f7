// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import ProxyEngine

@Suite struct ConnectionGateTests {
    private func origin(_ address: String) throws -> ConnectionGate.Origin? {
        ConnectionGate.Origin(try SocketAddress(ipAddress: address, port: 1234))
    }

    @Test func theLastPlaceIsToldAndSoIsTheFirstThatIsFreeAgain() throws {
        let gate = ConnectionGate(files: 10_000)
        let limits = ConnectionGate.Limits(total: 3, perAddress: 0)
        let origin = try self.origin("192.0.2.1")
        #expect((0..<3).map { _ in gate.enter(origin, limits) } == [.admitted, .admitted, .last])
        // Some come in while the listeners are told.
        #expect(gate.enter(origin, limits) == .admitted)
        #expect((0..<4).map { _ in gate.leave(origin, limits) } == [false, true, false, false])
        #expect((0..<3).map { _ in gate.enter(origin, limits) } == [.admitted, .admitted, .last])
    }

    @Test func upstreamsAndClientsTogetherLeaveFilesForTheOperator() throws {
        // 128 are kept back.
        let gate = ConnectionGate(files: 152)
        let limits = ConnectionGate.Limits(total: 1000, perAddress: 0)
        for _ in 0..<4 { #expect(gate.enter(nil, limits) == .admitted) }
        #expect((0..<21).count { _ in gate.leaveForUpstream() } == 20)
        #expect(gate.enter(nil, limits) == .admitted)
        gate.returnFromUpstream()
        #expect(!gate.leaveForUpstream())
        gate.returnFromUpstream()
        #expect(gate.leaveForUpstream() && !gate.leaveForUpstream())
        #expect(!gate.leave(nil, limits))
        #expect(gate.leaveForUpstream())
    }

    @Test func anAddressHasItsShare() throws {
        let gate = ConnectionGate(files: 10_000)
        let limits = ConnectionGate.Limits(total: 1000, perAddress: 2)
        let (one, other) = (try self.origin("192.0.2.1"), try self.origin("192.0.2.2"))
        #expect((0..<3).map { _ in gate.enter(one, limits) } == [.admitted, .admitted, .refused])
        #expect(gate.enter(other, limits) == .admitted)
        // Where there are no addresses, there are no shares.
        #expect((0..<3).map { _ in gate.enter(nil, limits) } == [.admitted, .admitted, .admitted])
        #expect(!gate.leave(one, limits))
        #expect((0..<2).map { _ in gate.enter(one, limits) } == [.admitted, .refused])
    }

    @Test func whoIsKnownLaterCountsFromThen() throws {
        let gate = ConnectionGate(files: 10_000)
        let limits = ConnectionGate.Limits(total: 1000, perAddress: 2)
        let origin = try #require(try self.origin("192.0.2.1"))
        #expect((0..<3).map { _ in gate.enter(nil, limits) } == [.admitted, .admitted, .admitted])
        #expect((0..<3).map { _ in gate.identify(origin, limits) } == [true, true, false])
        #expect(gate.enter(origin, limits) == .refused)
        #expect(!gate.leave(origin, limits) && gate.identify(origin, limits))
    }

    @Test func theFilesOfTheProcessAreABoundToo() {
        #expect(ConnectionGate(files: 1024).ceiling == 448)
        #expect(ConnectionGate(files: 20).ceiling == 10)
        #expect(ConnectionGate(files: .max).ceiling > 1 << 40)
        let gate = ConnectionGate(files: 148)
        let limits = ConnectionGate.Limits(total: 1000, perAddress: 0)
        #expect((0..<10).map { _ in gate.enter(nil, limits) }.last == .last)
    }

    @Test func whoHasManyAddressesOfOneSiteIsOneClient() throws {
        #expect(try self.origin("2001:db8::1") == self.origin("2001:db8::ffff:2"))
        #expect(try self.origin("2001:db8::1") != self.origin("2001:db8:0:1::1"))
        #expect(try self.origin("::ffff:192.0.2.1") == self.origin("192.0.2.1"))
        #expect(try self.origin("::ffff:192.0.2.1") != self.origin("::ffff:192.0.2.2"))
        #expect(try self.origin("::1") != self.origin("0.0.0.0"))
    }
}
