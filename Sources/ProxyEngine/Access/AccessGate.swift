// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// Lets in whom the rules of a listener let in, and takes the token off a request, so that it goes no further.
///
/// A token is the password of Basic credentials, whoever the user (RFC 7617), or a Bearer token (RFC 6750), in
/// `Proxy-Authorization` or `Authorization`; or it stands alone in `X-Windbreak-Token`, where a client needs
/// `Authorization` for the upstream.
struct AccessGate: Sendable {
    private let networks: [IPNetwork]
    private let tokens: [[UInt8]]

    private static let fields = ["proxy-authorization", "authorization", HopByHop.token]

    /// Nil where everybody may enter.
    init?(_ rules: AccessRules) {
        guard !rules.isEmpty else { return nil }
        self.networks = rules.networks
        self.tokens = rules.tokens.map { Array($0.revealed.utf8) }
    }

    /// - Returns: The request without its token.
    func admitted(_ request: Request) throws(ProxyError) -> Request {
        guard self.admits(request.client.address) else {
            throw ProxyError(.forbidden, "the client's address is in none of the networks that are allowed here")
        }
        guard !self.tokens.isEmpty else { return request }
        var fields = request.head.fields
        if let tunnel = request.client.tunnel {
            // Within it a client speaks to the upstream, and its credentials are the upstream's.
            var credentials = tunnel.credentials
            guard self.takeToken(from: &credentials) else {
                throw ProxyError(.forbidden, "the token that opened this tunnel is known no more")
            }
            // Ours is not, though it be said again.
            return self.takeToken(from: &fields) ? request.with { $0.fields = fields } : request
        }
        if self.takeToken(from: &fields) { return request.with { $0.fields = fields } }
        // RFC 9110, 11.7.1: who speaks to a proxy as such is asked as such.
        let isForProxy = request.head.method == .connect || !["/", "*"].contains(request.head.target.prefix(1))
        throw ProxyError(
            isForProxy ? .proxyUnauthorized : .unauthorized,
            "a token is missing, or is none that is known"
        )
    }

    /// Whether every request of a client is let in as it is.
    func admitsAll(of client: Request.Client) -> Bool { self.tokens.isEmpty && self.admits(client.address) }

    private func admits(_ address: String) -> Bool {
        // Whoever connects by a socket's file has been let in by its permissions.
        guard !self.networks.isEmpty, address != "unix" else { return true }
        guard let address = IPAddress(address) else { return false }
        return self.networks.contains { $0.contains(address) }
    }

    /// Whether there was a good one. Wherever it stood it is taken away, and from nowhere else.
    private func takeToken(from fields: inout HeaderFields) -> Bool {
        var isFound = false
        for name in Self.fields where fields.values(of: name).contains(where: { self.isGood($0, in: name) }) {
            fields.remove(name)
            isFound = true
        }
        return isFound
    }

    private func isGood(_ value: String, in field: String) -> Bool {
        if field == HopByHop.token { return self.knows(Array(value.utf8)) }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return false }
        let credentials = parts[1].drop { $0 == " " }
        if parts[0].equalsIgnoringCase("bearer") { return self.knows(Array(credentials.utf8)) }
        guard parts[0].equalsIgnoringCase("basic"), let decoded = Base64.decode(credentials) else { return false }
        let octets = Array(decoded.readableBytesView)
        guard let colon = octets.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return self.knows(Array(octets[(colon + 1)...]))
    }

    /// Takes as long for a token that is nearly right as for one that is all wrong.
    private func knows(_ candidate: [UInt8]) -> Bool {
        var isKnown = false
        for token in self.tokens {
            var difference = token.count ^ candidate.count
            for (position, octet) in candidate.enumerated() {
                difference |= Int(octet ^ token[position % token.count])
            }
            isKnown = difference == 0 || isKnown
        }
        return isKnown
    }
}
