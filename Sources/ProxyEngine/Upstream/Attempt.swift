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
    let isExpected: ((ByteBuffer) -> Bool)?

    func run(with ticket: CircuitTicket) async throws(ProxyError) -> Response {
        do throws(ProxyError) {
            return try await self.send(with: ticket)
        } catch {
            ticket.end(error.outcome)
            throw error.decided(ticket.decision)
        }
    }

    /// Takes a pooled connection, and a fresh one if the pooled turns out to have died in its sleep.
    private func send(with ticket: CircuitTicket) async throws(ProxyError) -> Response {
        let pool = self.upstream.pool(of: self.worker)
        var connection = try await self.acquire(from: pool, fresh: false)
        do throws(ProxyError) {
            return try await self.exchange(on: connection, ticket)
        } catch {
            connection.reset(isSilent: error.outcome == .failure(.timeout))
            guard self.mayBeSentAgain(after: error, on: connection) else { throw error }
        }
        connection = try await self.acquire(from: pool, fresh: true)
        do throws(ProxyError) {
            return try await self.exchange(on: connection, ticket)
        } catch {
            connection.reset(isSilent: error.outcome == .failure(.timeout))
            throw error
        }
    }

    private func acquire(from pool: ConnectionPool, fresh: Bool) async throws(ProxyError) -> any UpstreamConnection {
        if !fresh {
            if let connection = pool.takeIdle() { return connection }
            if !self.needsConnection, let exchange = await pool.takeStream() { return exchange }
        }
        let start = NIODeadline.now()
        let phase = self.deadline.phase(.connectTimeout, now: start)
        let connection = try await pool.connect(by: phase, asHTTP1: self.needsConnection)
        self.upstream.metrics.observe(.connect, .now() - start)
        return connection
    }

    /// Only a whole connection can become something else, and only HTTP/1.1 carries any head.
    private var needsConnection: Bool {
        self.request.upgrade != nil || !self.request.head.goesByHTTP2
    }

    /// RFC 9110, 9.2.2: what is not idempotent may have been done, and may have been paid for, unless the upstream says
    /// that it was not.
    private func mayBeSentAgain(after error: ProxyError, on connection: any UpstreamConnection) -> Bool {
        guard case .whole = self.request.body else { return false }
        return connection.isRefused || error.kind == .reset && connection.isReused && self.request.method.isIdempotent
    }

    private func exchange(
        on connection: any UpstreamConnection,
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
                accepting: self.request.upgrade,
                onInterim: self.onInterim
            )
            self.upstream.metrics.observe(.firstByte, .now() - start)
            return try self.response(head, on: connection, ticket, sender)
        } catch {
            sender?.cancel()
            throw error
        }
    }

    /// Sends small content at once, and starts to stream what is larger or not here yet.
    private func startSending(on connection: any UpstreamConnection) -> BodySender? {
        if case .whole(let content) = self.request.body, content.readableBytes <= BodySender.pieceSize {
            connection.write(self.request.head, content: content)
            connection.stream.flush()
            return nil
        }
        connection.write(self.request.head, content: nil)
        let sender = BodySender(self.request, on: connection, deadline: self.deadline)
        sender.start(on: self.worker)
        return sender
    }

    private func response(
        _ head: ResponseHead,
        on connection: any UpstreamConnection,
        _ ticket: CircuitTicket,
        _ sender: BodySender?
    ) throws(ProxyError) -> Response {
        if head.status == 101 { return self.switched(head, connection, ticket) }
        let length: Int?
        do throws(HTTP1Error) {
            length = try connection.beginContent(of: head, to: self.request.method)
        } catch {
            throw ProxyError(.protocolError, error.detail)
        }
        let rules = self.upstream.configuration.responses
        let outcome = rules.outcome(of: head.status)
        // A status that is a failure needs no content to be judged, so that the answer that trips a circuit says so.
        if outcome == .failure(.status) { ticket.end(outcome) }
        let body = UpstreamBody(
            length: length,
            from: connection,
            ending: ticket,
            as: ResponseJudge(rules, head: head, to: self.request.method, expecting: self.isExpected),
            deadline: self.deadline,
            sender: sender
        )
        var response = Response(head, try body.available())
        response.ticket = ticket
        response.report.attempts = 1
        response.report.decision = ticket.decision
        response.report.outcome = outcome
        return response
    }

    /// The handshake was the attempt; what is said from here on is no affair of the circuit.
    private func switched(
        _ head: ResponseHead,
        _ connection: any UpstreamConnection,
        _ ticket: CircuitTicket
    ) -> Response {
        ticket.end(.success)
        var response = Response(head)
        response.ticket = ticket
        response.upgraded = connection.stream
        response.report.attempts = 1
        response.report.decision = ticket.decision
        return response
    }
}
