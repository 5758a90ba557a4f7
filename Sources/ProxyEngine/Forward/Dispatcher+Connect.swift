// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

extension Dispatcher {
    /// Where a CONNECT leads (RFC 9110, 9.3.6): to a host that is declared, or nowhere.
    func destination(of request: Request, at role: Listener.Role) throws(ProxyError) -> Upstream {
        guard role == .main else { throw ProxyError(.methodNotAllowed, "no tunnel begins here") }
        // RFC 9112, 3.2.3: authority form, and for CONNECT never without a port.
        guard let authority = Authority(request.head.target[...]), (authority.port ?? 0) > 0 else {
            throw ProxyError(.badRequest, "the target of CONNECT is not a host and a port")
        }
        guard case .whole(let content) = request.body, content.readableBytes == 0 else {
            throw ProxyError(.badRequest, "CONNECT has no content")
        }
        try self.refuseLoop(request.head.fields)
        return try self.main.upstream(at: authority, defaultPort: 443)
    }
}
