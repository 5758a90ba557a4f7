// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience

/// CONNECT (RFC 9110, 9.3.6): bytes that nobody here looks at, both ways between a client and a declared host.
///
/// For the circuit the connection is the attempt: what goes on inside the tunnel it cannot know.
struct Tunnel {
    let request: Request
    let client: ByteStream
    let settings: ForwardConfiguration
    /// Tells the client that the tunnel has begun.
    let confirm: () -> Void

    /// How a tunnel was, once it is over.
    struct Record {
        var response: Response
        var bytesIn = 0
        var bytesOut = 0
    }

    /// RFC 9110, 9.3.6: what follows the head is the tunnel's.
    static func confirm(to client: ByteStream) {
        client.write(ByteBuffer(staticString: "HTTP/1.1 200 Connection Established\r\n\r\n"))
        client.flush()
    }

    /// Returns when the tunnel has ended, however it did. Throws if it has not begun: then the client is to be answered.
    func run(to destination: TunnelDestination) async throws(ProxyError) -> Record {
        switch destination {
        case .upstream(let upstream): return try await self.run(to: upstream)
        case .undeclared(let connector):
            let start = NIODeadline.now()
            let deadline = ExchangeDeadline(Timeouts(), start: start)
            do throws(ProxyError) {
                let phase = deadline.phase(.connectTimeout, now: start)
                let server = try await connector.connect(on: self.request.worker, by: phase)
                return await self.relay(to: server, decided: .pass)
            } catch {
                // Here the client has chosen the name.
                guard error.kind != .addressDenied else {
                    throw ProxyError(.denied, "this host is not on the internet")
                }
                var error = error
                error.decision = .pass
                throw error
            }
        }
    }

    private func run(to upstream: Upstream) async throws(ProxyError) -> Record {
        upstream.metrics.exchangeStarted()
        do throws(ProxyError) {
            let (server, ticket) = try await self.connect(to: upstream)
            var record = await self.relay(to: server, decided: ticket.decision)
            record.response.report.upstream = upstream.name
            record.response.report.circuit = upstream.circuit.state
            upstream.metrics.exchangeEnded(record.response.report, status: record.response.head.status)
            return record
        } catch {
            var error = error
            error.upstream = upstream.name
            upstream.metrics.exchangeEnded(error.response().report, status: error.status)
            throw error
        }
    }

    /// The answer to a CONNECT that leads nowhere.
    func refusal(by destination: TunnelDestination, for error: ProxyError) -> Response {
        var response = error.response()
        if case .upstream(let upstream) = destination {
            // What has refused may be something else a moment later.
            let state = error.circuit ?? upstream.circuit.state
            response.head.fields.add("X-Windbreak-Circuit", upstream.circuitField(state))
            response.report.circuit = state
        }
        return response
    }

    private func connect(to upstream: Upstream) async throws(ProxyError) -> (ByteStream, CircuitTicket) {
        let ticket = try upstream.circuit.admit()
        let deadline = ExchangeDeadline(upstream.configuration.timeouts, start: self.request.arrival)
        let start = NIODeadline.now()
        do throws(ProxyError) {
            let server = try await upstream.connector.withoutTLS.connect(
                on: self.request.worker,
                by: deadline.phase(.connectTimeout, now: start)
            )
            upstream.metrics.observe(.connect, .now() - start)
            ticket.end(.success)
            return (server, ticket)
        } catch {
            ticket.end(error.outcome)
            throw error.decided(ticket.decision)
        }
    }

    private func relay(to server: ByteStream, decided decision: ExchangeReport.Decision) async -> Record {
        self.confirm()
        let relay = Relay(client: self.client, server: server, worker: self.request.worker, settings: self.settings)
        let relayed = await relay.run()
        var record = Record(
            response: Response(ResponseHead(200)),
            bytesIn: relayed.bytesIn,
            bytesOut: relayed.bytesOut
        )
        record.response.report.attempts = 1
        record.response.report.decision = decision
        record.response.report.outcome = .success
        record.response.report.reason = relayed.reason?.rawValue
        return record
    }
}
