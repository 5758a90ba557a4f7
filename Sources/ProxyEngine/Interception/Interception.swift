// SPDX-License-Identifier: Apache-2.0

import LocalAuthority
import NIOCore
import NIOSSL
import ProxyConfiguration
import Synchronization

/// Opens the tunnels to some upstreams here, in their place: with a certificate for each host, signed by an authority of
/// this machine's own when a client first asks for the host.
final class Interception: Sendable {
    private struct Entry {
        var context: NIOSSLContext
        /// In seconds since 1970.
        var renewal: Int
    }

    private let authority: CertificateAuthority
    private let upstreams: Set<String>
    /// By host; as many as are declared at most.
    private let entries = Mutex<[String: Entry]>([:])

    init(_ authority: CertificateAuthority, upstreams: Set<String>) {
        self.authority = authority
        self.upstreams = upstreams
    }

    func covers(_ upstream: Upstream) -> Bool { self.upstreams.contains(upstream.name) }

    /// - Parameter host: One that is declared, in lower case.
    /// - Parameter now: Seconds since 1970.
    func context(for host: String, now: Int) throws(ProxyError) -> NIOSSLContext {
        if let entry = self.entries.withLock({ $0[host] }), now < entry.renewal { return entry.context }
        do {
            let leaf = try self.authority.leaf(for: host, now: now)
            var settings = TLSConfiguration.makeServerConfiguration(
                certificateChain: [.certificate(leaf.certificate)],
                privateKey: .privateKey(leaf.key)
            )
            settings.minimumTLSVersion = .tlsv12
            settings.cipherSuites = ServerTLS.cipherSuites
            settings.applicationProtocols = Reception.protocols
            let context = try NIOSSLContext(configuration: settings)
            self.entries.withLock { $0[host] = Entry(context: context, renewal: leaf.renewal) }
            return context
        } catch {
            throw ProxyError(.internalError, "no certificate could be made for this host")
        }
    }
}
