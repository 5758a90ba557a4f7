// SPDX-License-Identifier: Apache-2.0

/// A request on a connection of HTTP/1, as far as it got without waiting for anything. A reference, since it is handed on
/// more than once.
final class Arrival {
    let request: Request
    let body: RequestBody?
    let dispatcher: Dispatcher
    let step: Step
    let wantsKeepAlive: Bool

    init(
        _ request: Request,
        _ body: RequestBody?,
        _ dispatcher: Dispatcher,
        _ step: consuming Step,
        wantsKeepAlive: Bool
    ) {
        self.request = request
        self.body = body
        self.dispatcher = dispatcher
        self.step = step
        self.wantsKeepAlive = wantsKeepAlive
    }
}

/// What has come on a connection of HTTP/1.
enum Arrived {
    case request(Arrival)
    case garbage(HTTP1Error, Dispatcher)
    /// The client knows beforehand that HTTP/2 is spoken here (RFC 9113, 3.3).
    case http2
}
