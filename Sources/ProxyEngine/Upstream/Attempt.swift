// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience

/// One try at an upstream: permit, connection, request, response.
///
/// The permit goes with the content of the response and ends with it, so that an answer which is cut off in the middle
/// is a failure, and a probe holds its place until there is something to judge.
struct Attempt {
    let upstream: Upstream
    let request: OutgoingRequest
    let worker: Worker
    let deadline: ExchangeDeadline
    let onInterim: ((ResponseHead) -> Void)?

    func run(with ticket: CircuitTicket) async throws(ProxyError) -> Response {
        do throws(ProxyError) {
            return try await self.send(with: ticket)
        } catch {
            ticket.end(error.outcome)
            throw error
        }
    }

    /// Takes a pooled connection, and a fresh one if the pooled turns out to have died in its sleep.
    private func send(with ticket: CircuitTicket) async throws(ProxyError) -> Response {
        let pool = self.upstream.pool(of: self.worker)
        var connection = try await self.acquire(from: pool, fresh: false)
        do throws(ProxyError) {
            return try await self.exchange(on: connection, of: pool, ticket)
        } catch {
            connection.stream.reset()
            guard error.kind == .reset, connection.isReused, self.mayBeReplayed else { throw error }
        }
        connection = try await self.acquire(from: pool, fresh: true)
        do throws(ProxyError) {
            return try await self.exchange(on: connection, of: pool, ticket)
        } catch {
            connection.stream.reset()
            throw error
        }
    }

    private func acquire(from pool: ConnectionPool, fresh: Bool) async throws(ProxyError) -> UpstreamConnection {
        if !fresh, let connection = pool.takeIdle() { return connection }
        let start = NIODeadline.now()
        let connection = try await pool.connect(by: self.deadline.phase(.connectTimeout, now: start))
        self.upstream.metrics.observe(.connect, .now() - start)
        return connection
    }

    /// RFC 9110, 9.2.2: what is not idempotent may have been done, and may have been paid for.
    private var mayBeReplayed: Bool {
        guard case .whole = self.request.body else { return false }
        return self.request.method.isIdempotent
    }

    private func exchange(
        on connection: UpstreamConnection,
        of pool: ConnectionPool,
        _ ticket: CircuitTicket
    ) async throws(ProxyError) -> Response {
        let start = NIODeadline.now()
        let sender = self.startSending(on: connection)
        var firstByte = self.deadline.phase(.firstByteTimeout, now: start)
        do throws(ProxyError) {
            let head = try await connection.receiveHead(
                by: {
                    guard let sender else { return firstByte }
                    // While the request is still going out the answer is not late.
                    guard let finished = sender.finished else { return self.deadline.phase(.totalTimeout) }
                    firstByte = self.deadline.phase(.firstByteTimeout, now: finished)
                    return firstByte
                },
                onInterim: self.onInterim
            )
            self.upstream.metrics.observe(.firstByte, .now() - start)
            return try self.response(head, on: connection, of: pool, ticket, sender)
        } catch {
            sender?.cancel()
            throw error
        }
    }

    /// Sends small content at once, and starts to stream what is larger or not here yet.
    private func startSending(on connection: UpstreamConnection) -> BodySender? {
        if case .whole(let content) = self.request.body, content.readableBytes <= BodySender.pieceSize {
            connection.write(self.request.head, content: content)
            connection.stream.flush()
            return nil
        }
        connection.write(self.request.head, content: nil)
        let sender = BodySender(self.request, on: connection.stream, deadline: self.deadline)
        sender.start(on: self.worker)
        return sender
    }

    private func response(
        _ head: ResponseHead,
        on connection: UpstreamConnection,
        of pool: ConnectionPool,
        _ ticket: CircuitTicket,
        _ sender: BodySender?
    ) throws(ProxyError) -> Response {
        let framing: BodyFraming
        do throws(HTTP1Error) {
            framing = try BodyFraming.ofResponse(head, to: self.request.method)
        } catch {
            throw ProxyError(.protocolError, error.detail)
        }
        let rules = self.upstream.configuration.responses
        let outcome = rules.outcome(of: head.status)
        // A status that is a failure needs no content to be judged, so that the answer that trips a circuit says so.
        if outcome == .failure(.status) { ticket.end(outcome) }
        let body = UpstreamBody(
            framing,
            from: connection,
            ending: ticket,
            as: ResponseJudge(rules, head: head),
            deadline: self.deadline,
            sender: sender,
            pool: head.allowsReuse && framing != .untilClose ? pool : nil
        )
        var response = Response(head, try body.available())
        response.ticket = ticket
        response.report.attempts = 1
        response.report.decision = ticket.isProbe ? .probe : .pass
        response.report.outcome = outcome
        return response
    }
}

extension ResponseHead {
    /// Whether the connection outlives this response (RFC 9112, 9.3).
    fileprivate var allowsReuse: Bool {
        self.minorVersion >= 1
            ? !self.fields.list("connection", contains: "close")
            : self.fields.list("connection", contains: "keep-alive")
    }
}
