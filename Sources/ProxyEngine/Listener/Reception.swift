// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOSSL
import ProxyConfiguration

/// How connections of one listener are met, before the first request: as the configuration of the moment has it.
struct Reception: Sendable {
    let tls: NIOSSLContext?
    let trusted: TrustedPeers
    let timeout: TimeAmount
    let speaksHTTP2: Bool

    /// What is offered by ALPN, the best first.
    static let protocols = ["h2", "http/1.1"]

    init(_ configuration: ListenerConfiguration, timeout: Duration) throws {
        self.speaksHTTP2 = configuration.http2
        self.tls = try configuration.tls?.context(offering: configuration.http2 ? Self.protocols : ["http/1.1"])
        self.trusted = configuration.proxyProtocol
        self.timeout = TimeAmount(timeout)
    }

    /// Puts what the bytes have to pass into the pipeline of a new connection.
    func receive(_ channel: any Channel, on worker: Worker) throws -> Guest {
        let address = channel.remoteAddress?.ipAddress
        let guest = Guest(
            stream: ByteStream(loop: worker.loop),
            client: Request.Client(address: address ?? "unix", isTLS: self.tls != nil),
            speaksHTTP2: self.speaksHTTP2,
            deadline: .now() + self.timeout
        )
        if self.trusted.contains(address) {
            guest.isAnnounced = false
            try channel.pipeline.syncOperations.addHandler(ProxyHeaderHandler { guest.announced($0) })
        }
        if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
        try channel.pipeline.syncOperations.addHandler(guest.stream)
        return guest
    }
}

/// A connection on its way from being accepted to its first request.
final class Guest {
    let stream: ByteStream
    /// Whether HTTP/2 is taken from who begins with it.
    let speaksHTTP2: Bool
    /// Who it is, as far as is known.
    private(set) var client: Request.Client
    /// The address that a trusted peer has announced.
    private(set) var announced: SocketAddress?
    /// Whether nobody is expected to say more about where it comes from.
    fileprivate(set) var isAnnounced = true
    private var deadline: NIODeadline

    init(stream: ByteStream, client: Request.Client, speaksHTTP2: Bool = true, deadline: NIODeadline) {
        self.stream = stream
        self.speaksHTTP2 = speaksHTTP2
        self.client = client
        self.deadline = deadline
    }

    /// Returns when the PROXY header has come and the TLS handshake is done.
    func welcome() async throws(ByteStream.Interruption) {
        if self.client.isTLS { return try await self.stream.waitUntilSecured(until: self.deadline) }
        while !self.isAnnounced { try await self.stream.receiveMore(until: self.deadline) }
    }

    /// From here on the client speaks TLS with us, in the place of the origin that it wanted a tunnel to, and is to be
    /// welcomed again.
    func enter(
        _ tunnel: OpenedTunnel,
        _ tls: NIOSSLContext,
        until deadline: NIODeadline
    ) throws(ByteStream.Interruption) {
        self.client.isTLS = true
        self.client.tunnel = tunnel
        self.deadline = deadline
        do { try self.stream.secure(with: tls) } catch { throw .ended(error) }
    }

    /// Why it came no further.
    func log(_ reason: ByteStream.Interruption, to logger: Logger) {
        if let tunnel = self.client.tunnel {
            let failure = InterceptionFailure(reason, tunnel.origin, self.client)
            // Clients also leave a handshake that they have begun in advance and do not need.
            logger.log(level: failure.isDistrust ? .warning : .notice, "\(failure)")
        } else {
            logger.debug("[LISTEN] \(self.client.address) came no further: \(reason)")
        }
    }

    fileprivate func announced(_ source: ProxyHeader.Source) {
        self.isAnnounced = true
        switch source {
        case .address(let address):
            self.client.address = address
            self.announced = try? SocketAddress(ipAddress: address, port: 0)
        case .itself: break
        }
    }
}
