// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How long a peer is still waited for that has to move octets at a least rate, on the average.
///
/// Time that is waited is taken off, and octets that were moved are put back on, up to the slack at which it began: who
/// moves nothing is given up after the slack, and so is, a little later, who moves a few octets every now and then.
struct Pace: Hashable, Sendable {
    private let rate: Int
    private let slack: TimeAmount
    /// What may still be waited.
    private(set) var left: TimeAmount

    /// - Parameter rate: Octets a second; 0 is any: one octet puts everything back on.
    init(rate: Int, slack: TimeAmount) {
        self.rate = rate
        self.slack = slack
        self.left = slack
    }

    /// How often to look whether it is over.
    var checkInterval: TimeAmount { max(.milliseconds(10), min(.seconds(1), .nanoseconds(self.slack.nanoseconds / 4))) }

    var isOver: Bool { self.left <= .zero }

    mutating func waited(_ time: TimeAmount, for octets: Int) {
        guard octets > 0 else {
            self.left = self.left - time
            return
        }
        // More than the slack is of no use; within it nothing overflows.
        let earned =
            self.rate == 0 || octets / self.rate > self.slack.nanoseconds / 1_000_000_000
            ? self.slack : .nanoseconds(Int64(Double(octets) / Double(self.rate) * 1e9))
        self.left = min(self.slack, self.left - time + earned)
    }

    mutating func reset() { self.left = self.slack }
}

extension ByteStream {
    /// Returns when more has been received than there was, with what is left of the patience.
    func receiveMore(at pace: Pace) async throws(Interruption) -> Pace {
        var pace = pace
        let start = NIODeadline.now()
        let count = self.received.readableBytes
        try await self.receiveMore(until: start + pace.left)
        pace.waited(.now() - start, for: self.received.readableBytes - count)
        return pace
    }
}
