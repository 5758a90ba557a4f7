// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// Where a tunnel leads.
enum TunnelDestination {
    case upstream(Upstream)
    /// To a host of the client's own choice, on the public internet.
    case undeclared(Connector)
}

extension Dispatcher {
    /// Where a CONNECT leads (RFC 9110, 9.3.6).
    func connect(_ request: Request, at role: Listener.Role) throws(ProxyError) -> Step {
        guard role == .main, request.client.tunnel == nil else {
            throw ProxyError(.methodNotAllowed, "no tunnel begins here")
        }
        // RFC 9112, 3.2.3: authority form, and for CONNECT never without a port.
        guard let authority = Authority(request.head.target[...]), (authority.port ?? 0) > 0 else {
            throw ProxyError(.badRequest, "the target of CONNECT is not a host and a port")
        }
        guard case .whole(let content) = request.body, content.readableBytes == 0 else {
            throw ProxyError(.badRequest, "CONNECT has no content")
        }
        try self.refuseLoop(request.head.fields)
        guard self.main.declares(authority) else { return .tunnel(try self.undeclared(authority)) }
        let upstream = try self.main.upstream(at: authority, defaultPort: 443)
        guard let interception = self.snapshot.interception, interception.covers(upstream) else {
            return .tunnel(.upstream(upstream))
        }
        return .interception(authority, try interception.context(for: authority.name, now: Int(DateField.seconds)))
    }

    private func undeclared(_ authority: Authority) throws(ProxyError) -> TunnelDestination {
        let forward = self.snapshot.configuration.forward
        guard forward.undeclared == .allow else { throw ProxyError(.denied, "this host is not declared") }
        guard let port = authority.port, forward.ports.contains(port) else {
            throw ProxyError(.denied, "no tunnels to this port of hosts that are not declared")
        }
        let url = UpstreamURL(isTLS: true, host: authority.host, port: port, basePath: "")
        return .undeclared(
            Connector(url: url, tls: nil, http1TLS: nil, policy: .global, listeners: self.snapshot.listeners)
        )
    }
}
