// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOPosix
import NIOSSL

/// An HTTP/1.1 server on loopback that does whatever a test tells it to, and remembers what it was asked.
package final class FaultyUpstream: Sendable {
    /// When a reply is chosen and begun.
    package enum Start: Sendable {
        /// When the request has come with its content.
        case afterRequest
        /// When the head has come; the content is read at `Step.receiveBody`, or never.
        case afterHead
    }

    package struct Record: Sendable {
        /// In the order in which they were complete.
        package var requests: [ReceivedRequest] = []
        /// Connections accepted in all.
        package var accepted = 0
        /// How the peer ended each connection that is over, by its number.
        package var ended: [Int: Wire.End] = [:]
        fileprivate var wires: [Wire] = []
        fileprivate var script: [Reply] = []
        fileprivate var greeting: Reply?
        fileprivate var listener: (any Channel)?

        /// Octets that the sockets have taken, on all connections.
        package var sent: Int { self.wires.reduce(0) { $0 + $1.inbox.value.sent } }
        /// Octets that were read, on all connections.
        package var received: Int { self.wires.reduce(0) { $0 + $1.inbox.value.received } }
        package var openConnections: Int { self.accepted - self.ended.count }
    }

    package let record = Watched(Record())
    package let port: Int
    private let isTLS: Bool
    private let tls: NIOSSLContext?
    private let start: Start
    private let answer: @Sendable (ReceivedRequest) async -> Reply

    /// Begins to listen on a free port of 127.0.0.1.
    ///
    /// - Parameter answer: Asked for every request for which the script has nothing. Default: 200 and `hello`.
    /// - Parameter port: One of `FreePort`, where it is going to refuse connections: any other the system could give to
    ///   somebody else then.
    package init(
        port: Int = 0,
        tls: TestCertificate? = nil,
        answering start: Start = .afterRequest,
        _ answer: @escaping @Sendable (ReceivedRequest) async -> Reply = { _ in .respond(body: "hello") }
    ) async throws {
        self.tls = try tls?.serverContext()
        self.isTLS = tls != nil
        self.start = start
        self.answer = answer
        let (listener, port) = try await Self.listen(on: port, tls: self.tls, self.record, start, answer)
        self.port = port
        self.record.update { $0.listener = listener }
    }

    package var url: String { "\(self.isTLS ? "https" : "http")://\(self.host):\(self.port)" }
    /// A name where the certificate needs one.
    package var host: String { self.isTLS ? "localhost" : "127.0.0.1" }

    // MARK: Telling it what to do

    /// Replies for the next requests, before `answer` is asked again.
    package func script(_ replies: Reply...) { self.record.update { $0.script += replies } }

    /// What is done on every new connection before it is read from; nil is nothing.
    package func greet(with greeting: Reply?) { self.record.update { $0.greeting = greeting } }

    /// Stops listening, so that connections are refused; those that are open stay.
    package func refuseConnections() async throws {
        guard let listener = self.record.update({ $0.listener.take() }) else { return }
        try await listener.close().value("a listener to close")
    }

    /// Listens again on the same port.
    package func acceptConnections() async throws {
        guard self.record.value.listener == nil else { return }
        let (listener, _) = try await Self.listen(on: self.port, tls: self.tls, self.record, self.start, self.answer)
        self.record.update { $0.listener = listener }
    }

    /// Closes the connections that are open, as a server does whose keep-alive time is up.
    package func closeConnections() async {
        for wire in self.record.value.wires { await wire.close() }
    }

    package func stop() async {
        try? await self.refuseConnections()
        await self.closeConnections()
    }

    // MARK: Asking what it saw

    package var requests: [ReceivedRequest] { self.record.value.requests }

    /// Waits until so many requests have been received.
    @discardableResult
    package func requests(atLeast count: Int, upTo limit: Duration = .seconds(60)) async throws -> [ReceivedRequest] {
        try await self.record.wait(for: "\(count) requests at the upstream", upTo: limit) { record in
            record.requests.count >= count ? record.requests : nil
        }
    }

    /// Waits until the peer of a connection is gone.
    package func end(ofConnection number: Int, upTo limit: Duration = .seconds(60)) async throws -> Wire.End {
        try await self.record.wait(for: "the end of connection \(number)", upTo: limit) { $0.ended[number] }
    }

    // MARK: Serving

    private static func listen(
        on port: Int,
        tls: NIOSSLContext?,
        _ record: Watched<Record>,
        _ start: Start,
        _ answer: @escaping @Sendable (ReceivedRequest) async -> Reply
    ) async throws -> (any Channel, Int) {
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                    let wire = try Wire.install(on: channel)
                    let (number, greeting) = record.update { record in
                        record.accepted += 1
                        record.wires.append(wire)
                        return (record.accepted - 1, record.greeting)
                    }
                    let connection = UpstreamWire(
                        wire: wire,
                        number: number,
                        record: record,
                        start: start,
                        answer: answer
                    )
                    Task { await connection.serve(greeting: greeting) }
                }
            }
            .bind(host: "127.0.0.1", port: port)
            .value("a listener to bind")
        return (listener, listener.localAddress?.port ?? 0)
    }
}

extension FaultyUpstream.Record {
    mutating func nextReply() -> Reply? { self.script.isEmpty ? nil : self.script.removeFirst() }
}
