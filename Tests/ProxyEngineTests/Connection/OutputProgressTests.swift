// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyEngine

@Suite struct OutputProgressTests {
    @Test func `what the own system takes is no progress where the peer's is known`() {
        let before = OutputProgress(sent: 10_000, confirmed: 500, isPending: true)
        #expect(OutputProgress(sent: 90_000, confirmed: 500, isPending: true).octets(since: before) == 0)
        #expect(OutputProgress(sent: 90_000, confirmed: 700, isPending: true).octets(since: before) == 200)
        #expect(OutputProgress(sent: 10_000, confirmed: 700, isPending: true).octets(since: before) == 200)
    }

    @Test func `what the own system takes is all there is to go by where the peer's is not known`() {
        let before = OutputProgress(sent: 10_000, confirmed: nil, isPending: true)
        #expect(OutputProgress(sent: 90_000, confirmed: nil, isPending: true).octets(since: before) == 80_000)
    }
}
