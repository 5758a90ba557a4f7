// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import ProxyConfiguration

/// Opens connections to one upstream: name, TCP, TLS.
///
/// The name is resolved anew for every connection, and every address it has is tried (RFC 8305), so that a moved or
/// half-dead upstream is found again without a restart.
struct Connector: Sendable {
    let url: UpstreamURL
    /// Nil for `http`.
    let tls: NIOSSLContext?
    /// The same without the offer of HTTP/2.
    let http1TLS: NIOSSLContext?
    /// Where the name may lead.
    let policy: AddressPolicy
    let listeners: ListenerAddresses

    /// The same way there, for a tunnel: the TLS in it is the client's.
    var withoutTLS: Connector {
        Connector(url: self.url, tls: nil, http1TLS: nil, policy: self.policy, listeners: self.listeners)
    }

    var withoutHTTP2: Connector {
        Connector(url: self.url, tls: self.http1TLS, http1TLS: nil, policy: self.policy, listeners: self.listeners)
    }

    func connect(on worker: Worker, by phase: Phase) async throws(ProxyError) -> ByteStream {
        let stream = try await self.open(on: worker, by: phase)
        guard self.tls != nil else { return stream }
        do {
            try await stream.waitUntilSecured(until: phase.end)
            return stream
        } catch {
            stream.close()
            throw self.error(for: error, phase)
        }
    }

    /// Within what the process may open.
    private func open(on worker: Worker, by phase: Phase) async throws(ProxyError) -> ByteStream {
        guard let gate = worker.gate else { return try await self.openUncounted(on: worker, by: phase) }
        guard gate.leaveForUpstream() else { throw Self.exhausted }
        do throws(ProxyError) {
            let stream = try await self.openUncounted(on: worker, by: phase)
            if let channel = stream.channel {
                channel.closeFuture.whenComplete { _ in gate.returnFromUpstream() }
            } else {
                gate.returnFromUpstream()
            }
            return stream
        } catch {
            gate.returnFromUpstream()
            throw error
        }
    }

    private func openUncounted(on worker: Worker, by phase: Phase) async throws(ProxyError) -> ByteStream {
        let attempt = ConnectAttempt(loop: worker.loop)
        let bound = worker.bind(attempt)
        let (tls, policy, listeners) = (self.tls, self.policy, self.listeners)
        // SNI and certificates are for names; an address has neither (RFC 6066, 3).
        let serverName = self.url.hostIsAddress ? nil : self.url.host
        ClientBootstrap(group: worker.loop)
            .connectTimeout(max(.milliseconds(1), phase.end - .now()))
            .channelOption(.autoRead, value: false)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: .init(low: 32 << 10, high: 128 << 10))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AddressGuard(policy, listeners: listeners))
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: serverName)
                        )
                    }
                    // One for each address that is tried, of which one wins.
                    try channel.pipeline.syncOperations.addHandler(ByteStream(loop: channel.eventLoop))
                }
            }
            .connect(host: self.url.host, port: self.url.port)
            .whenComplete { bound.value.completed($0) }
        do {
            return try await attempt.result(until: phase.end)
        } catch {
            throw self.error(for: error, phase)
        }
    }

    private func error(for error: any Error, _ phase: Phase) -> ProxyError {
        switch error {
        case ByteStream.Interruption.timedOut: phase.error
        case ByteStream.Interruption.cancelled: ProxyError(.cancelled, "the client went away")
        case ByteStream.Interruption.ended(let cause?): self.error(for: cause, phase)
        case ByteStream.Interruption.ended(nil): ProxyError(.connectFailed, "closed while connecting")
        case ByteStream.Interruption.abandoned(let reason): reason
        case let error as NIOConnectionError: Self.error(for: error, phase)
        case let error as AddressRefusal: ProxyError(error)
        case let error as NIOSSLError: Self.error(for: error)
        case is NIOSSLExtraError: ProxyError(.tlsCertificate, "the certificate is for another name")
        case let error as IOError where error.isExhaustion: Self.exhausted
        case let error as IOError:
            ProxyError(error.errnoCode == ECONNREFUSED ? .connectRefused : .connectFailed, error.sentence)
        default: ProxyError(.connectFailed, "the connection failed")
        }
    }

    private static func error(for error: NIOConnectionError, _ phase: Phase) -> ProxyError {
        guard let last = error.connectionErrors.last?.error else {
            return ProxyError(.dns, "\(error.host) has no address")
        }
        let refusals = error.connectionErrors.compactMap { $0.error as? AddressRefusal }
        if let refusal = refusals.first, refusals.count == error.connectionErrors.count {
            return ProxyError(refusal)
        }
        let causes = error.connectionErrors.compactMap { $0.error as? IOError }
        if causes.contains(where: \.isExhaustion) { return Self.exhausted }
        if causes.contains(where: { $0.errnoCode == ECONNREFUSED }) {
            return ProxyError(.connectRefused, "connection refused")
        }
        if case ChannelError.connectTimeout = last { return phase.error }
        return ProxyError(.connectFailed, causes.last?.sentence ?? "the connection failed")
    }

    /// Our own want says nothing about the upstream.
    private static let exhausted = ProxyError(.internalError, "the system gives no more sockets")

    private static func error(for error: NIOSSLError) -> ProxyError {
        if case .handshakeFailed(let reason) = error, "\(reason)".contains("CERTIFICATE_VERIFY_FAILED") {
            return ProxyError(
                .tlsCertificate,
                "the certificate is not signed by a trusted authority, or is out of date"
            )
        }
        return ProxyError(.tls, "the TLS handshake failed")
    }
}

/// One attempt to connect, which its task may give up before it is decided; then the connection is closed.
private final class ConnectAttempt {
    private let loop: any EventLoop
    private var waiter: UnsafeContinuation<Result<NIOLoopBound<ByteStream>, any Error>, Never>?
    private var outcome: Result<NIOLoopBound<ByteStream>, any Error>?

    init(loop: any EventLoop) {
        self.loop = loop
    }

    func completed(_ result: Result<any Channel, any Error>) {
        guard self.outcome == nil else {
            if case .success(let channel) = result { channel.close(promise: nil) }
            return
        }
        self.settle(
            result.flatMap { channel in
                Result {
                    let stream = try channel.pipeline.syncOperations.handler(type: ByteStream.self)
                    return NIOLoopBound(stream, eventLoop: self.loop)
                }
            }
        )
    }

    func result(until deadline: NIODeadline) async throws -> ByteStream {
        let bound = NIOLoopBound(self, eventLoop: self.loop)
        let loop = self.loop
        let timer = DeadlineTimer(loop: loop) { bound.value.settle(.failure(ByteStream.Interruption.timedOut)) }
        timer.arm(deadline)
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let attempt = bound.value
                if let outcome = attempt.outcome { return continuation.resume(returning: outcome) }
                attempt.waiter = continuation
                if Task.isCancelled { attempt.settle(.failure(ByteStream.Interruption.cancelled)) }
            }
        } onCancel: {
            loop.execute { bound.value.settle(.failure(ByteStream.Interruption.cancelled)) }
        }.get().value
    }

    private func settle(_ result: Result<NIOLoopBound<ByteStream>, any Error>) {
        guard self.outcome == nil else { return }
        self.outcome = result
        self.waiter?.resume(returning: result)
        self.waiter = nil
    }
}

extension IOError {
    /// What the system calls the error: `Network is unreachable`.
    var sentence: String { String(cString: strerror(self.errnoCode)) }
}

extension IOError {
    /// Whether the system is out of what a connection needs.
    var isExhaustion: Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(self.errnoCode) }
}
