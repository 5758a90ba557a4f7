// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// A tunnel that ends here: whose place this proxy takes within it, and what let its client in.
///
/// A reference, since every request has it with its client, and nearly all have none.
final class OpenedTunnel: Sendable {
    let origin: Authority
    /// What came with CONNECT. It is asked for again with each request, as the configuration of the moment has it: a
    /// token that is withdrawn opens nothing any more, however long a connection lasts.
    let credentials: HeaderFields

    init(to origin: Authority, by request: Request) {
        self.origin = origin
        self.credentials = request.head.fields
    }
}

extension OpenedTunnel: Hashable {
    static func == (one: OpenedTunnel, other: OpenedTunnel) -> Bool { one === other }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
