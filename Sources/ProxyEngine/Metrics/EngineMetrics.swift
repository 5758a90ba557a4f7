// SPDX-License-Identifier: Apache-2.0

/// What is counted about the engine as a whole: connections, bytes, and requests that went to no upstream.
package final class EngineMetrics: Sendable {
    /// The connections of one kind of listener as they were at one moment.
    package struct Connections: Sendable, Equatable {
        /// `main` or `admin`.
        package var listener: String
        package var accepted: UInt64
        package var open: UInt64
        /// Octets of requests and of answers.
        package var bytesIn: UInt64
        package var bytesOut: UInt64
    }

    private enum Cell: Int, CaseIterable { case accepted, closed, bytesIn, bytesOut }

    /// Requests that the proxy answered itself and that name no upstream.
    package let requests = RequestCounters()
    private let cells = Counters(count: 2 * Cell.allCases.count)

    package init() {}

    // MARK: Counting

    /// - Parameter status: What the client was sent, or 0 if it went away before.
    package func exchangeEnded(_ report: ExchangeReport, status: Int) {
        self.requests.count(report, status: status)
    }

    func connectionOpened(at role: Listener.Role) { self.cells.add(at: Self.index(.accepted, role)) }

    func connectionClosed(at role: Listener.Role) { self.cells.add(at: Self.index(.closed, role)) }

    /// To be called once for an exchange, not for every piece of one.
    func transferred(bytesIn: Int, bytesOut: Int, at role: Listener.Role) {
        self.cells.add(UInt64(max(0, bytesIn)), at: Self.index(.bytesIn, role))
        self.cells.add(UInt64(max(0, bytesOut)), at: Self.index(.bytesOut, role))
    }

    // MARK: Reading

    package var connections: [Connections] {
        [Listener.Role.main, .admin].map { role in
            // The closed ones first, so that there are never more of them than were accepted.
            let closed = self.cells[Self.index(.closed, role)]
            let accepted = self.cells[Self.index(.accepted, role)]
            return Connections(
                listener: role.rawValue,
                accepted: accepted,
                open: accepted >= closed ? accepted - closed : 0,
                bytesIn: self.cells[Self.index(.bytesIn, role)],
                bytesOut: self.cells[Self.index(.bytesOut, role)]
            )
        }
    }

    private static func index(_ cell: Cell, _ role: Listener.Role) -> Int {
        (role == .main ? 0 : Cell.allCases.count) + cell.rawValue
    }
}
