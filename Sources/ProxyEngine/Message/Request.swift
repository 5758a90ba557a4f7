// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// One downstream request on its way through the engine; confined to the event loop of its connection.
package struct Request {
    package var head: RequestHead
    package var body: Body
    package let client: Client
    package let worker: Worker
    /// When its head was complete.
    package let arrival: NIODeadline
    package let id: RequestID
    /// Passes an interim response (1xx) on to the client.
    var onInterim: ((ResponseHead) -> Void)?

    package init(
        _ head: RequestHead,
        body: Body = .empty,
        client: Client,
        worker: Worker,
        arrival: NIODeadline = .now(),
        id: RequestID = .next()
    ) {
        self.head = head
        self.body = body
        self.client = client
        self.worker = worker
        self.arrival = arrival
        self.id = id
    }

    /// Who sent it.
    package struct Client: Sendable, Hashable {
        /// Numeric, without port; `unix` or `internal` where there is none.
        package var address: String
        package var isTLS: Bool
        /// The tunnel that it came through, if it was opened here.
        var tunnel: OpenedTunnel?
        package init(address: String, isTLS: Bool) {
            self.address = address
            self.isTLS = isTLS
        }
        /// The proxy itself, for the legs of a combined request.
        package static let `internal` = Client(address: "internal", isTLS: false)
    }
}
