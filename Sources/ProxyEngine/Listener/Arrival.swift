// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// A request on a connection of HTTP/1, as far as it got without waiting for anything. A reference, since it is handed on
/// more than once.
final class Arrival {
    let request: Request
    let body: RequestBody?
    let dispatcher: Dispatcher
    let step: Step
    let wantsKeepAlive: Bool

    /// Begins to answer a request whose head has come.
    ///
    /// - Parameter recent: What is known of the head, if it has come before.
    /// - Throws: When it cannot be said where its content ends.
    init(
        _ head: consuming RequestHead,
        _ recent: RecentHead?,
        _ dispatcher: Dispatcher,
        on connection: ServerConnection
    ) throws(HTTP1Error) {
        let framing = recent == nil ? try BodyFraming.ofRequest(head) : .none
        var (body, content): (RequestBody?, Body) = (nil, .empty)
        var refusal: HTTP1Error?
        if framing != .none {
            let source = RequestBody(
                framing,
                of: head,
                from: connection.stream,
                awaitsContinue: head.expectsContinue,
                pace: dispatcher.clients.pace
            )
            body = source
            do throws(HTTP1Error) { content = try source.available() } catch { refusal = error }
        }
        let wantsKeepAlive = recent?.wantsKeepAlive ?? head.wantsKeepAlive
        // HTTP/1.0 knows no interim responses (RFC 9110, 15.2).
        let onInterim = head.version >= .http1_1 ? connection.onInterim : nil
        self.request = Request(
            head,
            recent,
            body: content,
            client: connection.guest.client,
            worker: connection.worker,
            onInterim: onInterim
        )
        self.body = body
        self.dispatcher = dispatcher
        self.wantsKeepAlive = wantsKeepAlive && refusal == nil
        self.step =
            refusal.map { .answered(ProxyError($0).response()) }
            ?? dispatcher.begin(self.request, at: connection.listener)
    }
}

/// What has come on a connection of HTTP/1.
enum Arrived {
    case request(Arrival)
    case garbage(HTTP1Error, Dispatcher)
    /// The client knows beforehand that HTTP/2 is spoken here (RFC 9113, 3.3).
    case http2
}
