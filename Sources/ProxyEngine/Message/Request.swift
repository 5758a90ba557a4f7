// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// One downstream request on its way through the engine; confined to the event loop of its connection.
///
/// A reference, since it is handed on at every step and holds a dozen of them itself.
package final class Request {
    package let head: RequestHead
    package let body: Body
    package let client: Client
    package let worker: Worker
    /// When its head was complete.
    package let arrival: NIODeadline
    package let id: RequestID
    /// What is known of the head, if it has come before and nothing was changed in it.
    let recent: RecentHead?
    /// Passes an interim response (1xx) on to the client.
    let onInterim: ((ResponseHead) -> Void)?
    /// Whether the content of a success is what was asked for, where somebody can tell. If it is not, the attempt has
    /// failed.
    private(set) var isExpected: ((ByteBuffer) -> Bool)?

    package convenience init(
        _ head: RequestHead,
        body: Body = .empty,
        client: Client,
        worker: Worker,
        arrival: NIODeadline = .now(),
        id: RequestID = .next(),
        expecting isExpected: ((ByteBuffer) -> Bool)? = nil
    ) {
        self.init(head, nil, body: body, client: client, worker: worker, arrival: arrival, id: id, onInterim: nil)
        self.isExpected = isExpected
    }

    init(
        _ head: RequestHead,
        _ recent: RecentHead?,
        body: Body,
        client: Client,
        worker: Worker,
        arrival: NIODeadline = .now(),
        id: RequestID = .next(),
        onInterim: ((ResponseHead) -> Void)?
    ) {
        self.head = head
        self.recent = recent
        self.body = body
        self.client = client
        self.worker = worker
        self.arrival = arrival
        self.id = id
        self.onInterim = onInterim
    }

    /// The same with the host in its head that its target or its tunnel names, as all have it that come again.
    func naming(_ head: RequestHead) -> Request {
        self.recent?.head = head
        return self.copy(head, self.recent, self.onInterim)
    }

    /// The same with something changed in its head.
    ///
    /// - Parameter isAlone: Whether its client does not hear how it goes.
    func with(isAlone: Bool = false, _ change: (inout RequestHead) -> Void) -> Request {
        var head = self.head
        change(&head)
        return self.copy(head, nil, isAlone ? nil : self.onInterim)
    }

    private func copy(
        _ head: RequestHead,
        _ recent: RecentHead?,
        _ onInterim: ((ResponseHead) -> Void)?
    ) -> Request {
        let copy = Request(
            head,
            recent,
            body: self.body,
            client: self.client,
            worker: self.worker,
            arrival: self.arrival,
            id: self.id,
            onInterim: onInterim
        )
        copy.isExpected = self.isExpected
        return copy
    }

    /// Who sent it.
    package struct Client: Sendable, Hashable {
        /// Numeric, without port; `unix` where there is none.
        package var address: String
        package var isTLS: Bool
        /// The tunnel that it came through, if it was opened here.
        var tunnel: OpenedTunnel?
        package init(address: String, isTLS: Bool) {
            self.address = address
            self.isTLS = isTLS
        }
    }
}
