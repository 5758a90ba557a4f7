// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// What a client would rather speak on its connection (RFC 9110, 7.8), as far as it is passed on: WebSocket, say.
struct UpgradeOffer: Hashable {
    /// The members of `Upgrade`, in the client's order.
    let protocols: [String]

    /// Nil if nothing is offered that may be passed on.
    ///
    /// HTTP and TLS themselves are between neighbours: an `h2c` that went on would let a client talk past this proxy.
    init?(_ request: borrowing Request) {
        // A head that has come before offers nothing.
        guard request.recent == nil else { return nil }
        let fields = request.head.fields
        guard fields.contains("upgrade"), request.head.version == .http1_1,
            fields.list("connection", contains: "upgrade"),
            case .whole(let content) = request.body, content.readableBytes == 0
        else { return nil }
        let offered = fields.list("upgrade").filter { !Self.isBetweenNeighbours($0) && Self.isProtocol($0) }
        guard !offered.isEmpty, offered.count <= 4 else { return nil }
        self.protocols = offered.map(String.init)
    }

    /// As the upstream gets it.
    var field: String { self.protocols.joined(separator: ", ") }

    /// Whether a 101 is the answer to this offer; HTTP/1.0 has none (RFC 9110, 7.8).
    func isAccepted(by head: ResponseHead) -> Bool {
        let chosen = head.fields.list("upgrade")
        return head.status == 101 && head.version >= .http1_1 && head.fields.list("connection", contains: "upgrade")
            && !chosen.isEmpty
            && chosen.allSatisfy { choice in self.protocols.contains { $0.equalsIgnoringCase(choice) } }
    }

    private static func isBetweenNeighbours(_ name: Substring) -> Bool {
        ["h2", "h3", "http", "tls"].contains { name.prefix($0.count).equalsIgnoringCase($0) }
    }

    /// A name, and perhaps a version behind a slash.
    private static func isProtocol(_ name: Substring) -> Bool {
        let parts = name.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenCharacter) }
    }
}
