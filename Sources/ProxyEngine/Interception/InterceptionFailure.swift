// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Why a client came no further than the handshake in the place of a declared host, and what to do about it.
struct InterceptionFailure: CustomStringConvertible {
    private let reason: ByteStream.Interruption
    private let origin: Authority
    private let client: Request.Client

    init(_ reason: ByteStream.Interruption, _ origin: Authority, _ client: Request.Client) {
        self.reason = reason
        self.origin = origin
        self.client = client
    }

    var description: String {
        let client = "[INTERCEPT] \(self.client.address)"
        if case .timedOut = self.reason { return "\(client) was too slow in its handshake for \(self.origin.host)" }
        let doubt = self.isDistrust ? "does not trust" : "ended its handshake, perhaps since it does not trust"
        return
            "\(client) \(doubt) the local authority for \(self.origin.host): start it with `windbreak run -- COMMAND`, "
            + "or set SSL_CERT_FILE, REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS and the like as `windbreak env` prints them"
    }

    /// Whether it is plain that the certificate was not taken.
    ///
    /// RFC 8446, 6.2: what clients say of a certificate that they do not take. OpenSSL says it in the clear, where a
    /// server waits for it encrypted and cannot read it.
    var isDistrust: Bool {
        guard case .ended(let error?) = self.reason else { return false }
        let words = "\(error)"
        return ["UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "BAD_CERTIFICATE", "BAD_RECORD_MAC"].contains {
            words.contains($0)
        }
    }
}
