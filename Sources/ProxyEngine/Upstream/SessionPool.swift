// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The connections of HTTP/2 of one event loop to one upstream: as few as will do.
///
/// While one is being opened, others who need one wait for a place on it; and of those that nobody uses one is kept.
final class SessionPool {
    /// A connection that is being opened.
    final class Opening {
        fileprivate let room: WaitingRoom
        /// How many others may wait for it.
        fileprivate var places: Int
        fileprivate var error: ProxyError?

        fileprivate init(_ loop: any EventLoop, places: Int) {
            self.room = WaitingRoom(loop: loop)
            self.places = places
        }
    }

    private let worker: Worker
    /// Those that take more exchanges, or will.
    private var sessions: [UpstreamSession] = []
    /// What the upstream spoke when it was last connected to. Nobody waits for a connection that may be for one alone.
    private var speaksHTTP2 = false
    private var opening: Opening?
    /// Exchanges that the last one of those that are gone took at once.
    private var lastLimit = UpstreamSession.maxStreams

    init(worker: Worker) { self.worker = worker }

    var isEmpty: Bool { self.sessions.isEmpty }

    /// A place on a connection that stands.
    func takeStream() async -> HTTP2Exchange? {
        guard let session = self.sessions.first(where: \.hasRoom) else { return nil }
        return await session.begin()
    }

    // MARK: Opening

    /// A place on a connection that others are opening; nil if there is none.
    func join(by phase: Phase) async throws(ProxyError) -> HTTP2Exchange? {
        while let opening = self.opening, opening.places > 0 {
            opening.places -= 1
            switch await opening.room.wait(until: phase.end) {
            case .timedOut: throw phase.error
            case .cancelled: throw ProxyError(.cancelled, "the client went away")
            case .called: break
            }
            // Whose client left, or whose own time was over, says nothing of the upstream.
            if let error = opening.error, error.kind != .cancelled, error.kind != .totalTimeout { throw error }
            if let exchange = await self.takeStream() { return exchange }
        }
        return nil
    }

    /// To be ended by ``end(_:error:)``, whatever comes of it.
    func begin() -> Opening {
        let limit = self.sessions.last?.limit ?? self.lastLimit
        let opening = Opening(self.worker.loop, places: limit - 1)
        if self.speaksHTTP2 { self.opening = opening }
        return opening
    }

    func end(_ opening: Opening, error: ProxyError? = nil) {
        if self.opening === opening { self.opening = nil }
        opening.error = error
        opening.room.callAll()
    }

    /// - Returns: The first exchange on it.
    func open(_ stream: ByteStream, isTLS: Bool) async throws(ProxyError) -> HTTP2Exchange {
        self.speaksHTTP2 = true
        let session = UpstreamSession(worker: self.worker, isTLS: isTLS) { [weak self] in
            self?.ended($0)
        } onIdle: { [weak self] in
            self?.leaveIfSpare($0)
        }
        do {
            try stream.handOver { try session.install(on: $0) }
        } catch {
            throw ProxyError(.reset, "the connection was closed before a request")
        }
        self.sessions.append(session)
        guard let exchange = await session.begin() else {
            throw ProxyError(.reset, "the connection was closed before a request")
        }
        return exchange
    }

    /// The upstream has chosen HTTP/1.1.
    func decline() { self.speaksHTTP2 = false }

    // MARK: Ending

    private func ended(_ session: UpstreamSession) {
        self.lastLimit = session.limit
        self.sessions.removeAll { $0 === session }
    }

    private func leaveIfSpare(_ session: UpstreamSession) {
        if self.sessions.contains(where: { $0 !== session && $0.isIdle && $0.hasRoom }) { session.leave() }
    }

    /// Begins nothing more, and closes each after its last exchange.
    func leave() {
        for session in self.sessions { session.leave() }
    }

    /// Closes those that nobody has used since then.
    func leaveIdle(since oldest: NIODeadline) {
        for session in self.sessions where session.isIdle && session.idleSince <= oldest { session.leave() }
    }
}
