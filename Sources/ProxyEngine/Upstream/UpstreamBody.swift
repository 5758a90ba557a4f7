// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Resilience

/// The content of an upstream's response, which ends the attempt when it ends.
///
/// However it ends, the permit is given back once, and the connection goes back to its pool only after a clean end.
final class UpstreamBody: BodySource {
    let length: Int?
    private(set) var trailers: HeaderFields?
    private let connection: any UpstreamConnection
    private let ticket: CircuitTicket
    private let deadline: ExchangeDeadline
    private let sender: BodySender?
    private var judge: ResponseJudge
    private var isSettled = false
    /// Octets that were taken.
    private var count = 0
    private var hasEnded = false

    init(
        length: Int?,
        from connection: any UpstreamConnection,
        ending ticket: CircuitTicket,
        as judge: ResponseJudge,
        deadline: ExchangeDeadline,
        sender: BodySender?
    ) {
        self.length = length
        self.connection = connection
        self.ticket = ticket
        self.judge = judge
        self.deadline = deadline
        self.sender = sender
    }

    deinit { self.abandon() }

    /// What has come with the head: all of the content in one piece, or the beginning of a stream.
    func available() throws(ProxyError) -> Body {
        var collected = ByteBuffer()
        while true {
            switch try self.decode() {
            case .bytes(var piece):
                if collected.readableBytes == 0 { collected = piece } else { collected.writeBuffer(&piece) }
            case .end where self.trailers == nil:
                return .whole(collected)
            case .end, .needsMore:
                return .stream(collected.readableBytes == 0 ? self : PrefixedBody(collected, then: self))
            }
        }
    }

    func next() async throws(ProxyError) -> ByteBuffer? {
        while !self.hasEnded {
            switch try self.decode() {
            case .bytes(let piece):
                // What comes after the last octet is only that there is no more: the outcome counts before a client can have
                // the whole answer and ask again.
                if self.count == self.length { _ = try self.decode() }
                return piece
            case .end: return nil
            case .needsMore: try await self.receiveMore()
            }
        }
        return nil
    }

    func abandon() {
        self.settle(.cancelled, reusable: false)
    }

    private func decode() throws(ProxyError) -> BodyDecoder.Piece {
        let piece: BodyDecoder.Piece
        do throws(HTTP1Error) {
            piece = try self.connection.takeContent()
        } catch {
            throw self.failed(ProxyError(.protocolError, error.detail))
        }
        switch piece {
        case .bytes(let bytes):
            self.count += bytes.readableBytes
            self.judge.see(bytes)
        case .end(let trailers):
            self.hasEnded = true
            self.trailers = trailers
            self.settle(self.judge.verdict, reusable: true)
        case .needsMore: break
        }
        return piece
    }

    private func receiveMore() async throws(ProxyError) {
        let phase = self.deadline.phase(.idleTimeout)
        do throws(ByteStream.Interruption) {
            try await self.connection.stream.receiveMore(until: phase.end)
        } catch {
            // A clean end is one without an error: with TLS that is a close_notify, else a FIN.
            if case .ended(nil) = error, self.connection.inputEnded() { return }
            throw self.failed(ProxyError(error, phase, incomplete: true))
        }
    }

    private func failed(_ error: ProxyError) -> ProxyError {
        self.settle(error.outcome, reusable: false)
        return error
    }

    private func settle(_ outcome: Outcome, reusable: Bool) {
        guard !self.isSettled else { return }
        self.isSettled = true
        self.ticket.end(outcome)
        guard reusable, self.sender?.finished != nil || self.sender == nil else {
            self.sender?.cancel()
            return self.connection.reset(isSilent: outcome == .failure(.timeout))
        }
        self.connection.release()
    }
}
