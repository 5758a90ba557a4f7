// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// How far a request gets without waiting for anything.
///
/// Hits, rejections and errors are answered at once, on the stack of the bytes that asked for them; only what has to
/// wait pays for being able to.
enum Step {
    case answered(Response)
    /// What is still to be waited for: content, another request, an upstream.
    case upstream(Exchange)
    case local(LocalRoute, Request, RequestTarget)
    /// No answer, but bytes from here on: the connection's own affair.
    case tunnel(TunnelDestination)
    /// A tunnel that leads nowhere: the requests within are answered here, in the place of a declared host.
    case interception(Authority, NIOSSLContext)

    /// The answer, when all has been waited for. Never throws: whatever goes wrong is an answer too.
    func response() async -> Response {
        switch self {
        case .answered(let response): response
        case .upstream(let exchange): await exchange.response()
        case .local(let route, let request, let target): await route.response(to: request, target)
        case .tunnel, .interception: ProxyError(.methodNotAllowed, "no tunnel begins here").response()
        }
    }
}
