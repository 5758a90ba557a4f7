// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore
import NIOPosix
import NIOSSL

/// A client that sends whatever bytes a test likes, and tells exactly what came back.
package struct TestClient: Sendable {
    package let wire: Wire

    /// - Parameter receiveBuffer: Octets that the kernel takes ahead of a slow reader; nil is the system's default.
    package init(
        to port: Int,
        host: String = "127.0.0.1",
        receiveBuffer: Int32? = nil,
        tls: TestClientTLS? = nil
    ) async throws {
        let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
        try await self.init(to: address, receiveBuffer: receiveBuffer, tls: tls)
    }

    package init(toSocket path: String) async throws {
        try await self.init(to: SocketAddress(unixDomainSocketPath: path), receiveBuffer: nil, tls: nil)
    }

    private init(to address: SocketAddress, receiveBuffer: Int32?, tls: TestClientTLS?) async throws {
        let inits = Watched<Wire?>(nil)
        let context = try tls?.context()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let preface = tls?.preface, !preface.isEmpty {
                        try channel.pipeline.syncOperations.addHandler(PrefaceHandler(preface))
                    }
                    if let context {
                        let handler = try NIOSSLClientHandler(context: context, serverHostname: tls?.serverName)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    let wire = try Wire.install(on: channel)
                    inits.update { $0 = wire }
                }
            }
        if case .unixDomainSocket = address {
        } else {
            bootstrap = bootstrap.channelOption(.socketOption(.tcp_nodelay), value: 1)
        }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(receiveBuffer))
        }
        _ = try await bootstrap.connect(to: address).value("a connection")
        self.wire = try await inits.wait(for: "a connection") { $0 }
        // Nothing is sent before the server's part of the handshake was read.
        if tls != nil { self.wire.channel.read() }
    }

    /// From here on everything goes through TLS.
    package func secure(_ tls: TestClientTLS) async throws {
        let context = try tls.context()
        let channel = self.wire.channel
        try await channel.eventLoop.submit {
            let handler = try NIOSSLClientHandler(context: context, serverHostname: tls.serverName)
            try channel.pipeline.syncOperations.addHandler(handler, position: .first)
        }.get()
        channel.read()
    }

    // MARK: Sending

    package func send(_ text: String) async throws { try await self.wire.send(ByteBuffer(string: text)) }
    package func send(bytes: [UInt8]) async throws { try await self.wire.send(ByteBuffer(bytes: bytes)) }

    /// Sends a request; `Host` and the length are added unless they are given.
    package func send(
        _ method: String,
        _ target: String,
        _ fields: HeaderFields = [:],
        body: String? = nil
    ) async throws {
        var text = "\(method) \(target) HTTP/1.1\r\n"
        if !fields.contains("host") { text += "Host: proxy.test\r\n" }
        text += fields.lines
        if let body, !fields.contains("transfer-encoding"), !fields.contains("content-length") {
            text += "Content-Length: \(body.utf8.count)\r\n"
        }
        try await self.send(text + "\r\n" + (body ?? ""))
    }

    package func halfClose() async throws { try await self.wire.halfClose() }
    /// Ends the connection with a reset.
    package func abort() async { await self.wire.reset() }
    package func close() async { await self.wire.close() }

    // MARK: Receiving

    /// One response, with the interim ones before it.
    ///
    /// - Parameter method: Of the request; it decides whether there is content.
    /// - Throws: ``WireEnded`` if the connection ended before the head was complete.
    package func response(to method: String = "GET", upTo limit: Duration = .seconds(60)) async throws -> TestResponse {
        var response = try await self.head(upTo: limit)
        var interim: [TestResponse.Interim] = []
        while response.status < 200 {
            interim.append(.init(status: response.status, fields: response.fields))
            response = try await self.head(upTo: limit)
        }
        response.interim = interim
        let content = try await self.wire.receiveContent(try response.extent(to: method), upTo: limit)
        response.body = content.bytes
        response.trailers = content.trailers
        response.cut = content.cut
        return response
    }

    /// One head, be it interim or final; the content is left to ``response(to:upTo:)`` or to the wire.
    package func head(upTo limit: Duration = .seconds(60)) async throws -> TestResponse {
        try TestResponse(await self.wire.receive("a response", upTo: limit, MessageReader.takeHead))
    }

    /// How the connection ended; whatever comes before is dropped.
    package func end(upTo limit: Duration = .seconds(60)) async throws -> Wire.End {
        try await self.wire.end(upTo: limit)
    }

    /// Sends a request and reads its response.
    package func exchange(
        _ method: String,
        _ target: String,
        _ fields: HeaderFields = [:],
        body: String? = nil,
        upTo limit: Duration = .seconds(60)
    ) async throws -> TestResponse {
        try await self.send(method, target, fields, body: body)
        return try await self.response(to: method, upTo: limit)
    }
}

/// What came back, as it came.
package struct TestResponse: Sendable {
    package struct Interim: Sendable, Equatable {
        package var status: Int
        package var fields: HeaderFields
    }

    /// Every octet of the head.
    package var rawHead: String
    package var status: Int
    package var reason: String
    package var fields: HeaderFields
    package var body = ByteBuffer()
    package var trailers: HeaderFields = [:]
    package var interim: [Interim] = []
    /// How the connection ended before the content was complete; nil if it is complete.
    package var cut: Wire.End?

    package var text: String { String(buffer: self.body) }
    package var isComplete: Bool { self.cut == nil }

    init(_ head: MessageReader.Head) throws {
        let words = head.firstLine.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0] == "HTTP/1.1", let status = Int(words[1]), words[1].count == 3 else {
            throw MessageReader.Malformed(description: "not a status line: \(head.firstLine.debugDescription)")
        }
        self.rawHead = head.raw
        self.status = status
        self.reason = String(words[2])
        self.fields = head.fields
    }

    func extent(to method: String) throws -> Wire.Extent {
        if method == "HEAD" || self.status == 204 || self.status == 304 { return .none }
        let lengths = self.fields.values(of: "content-length")
        if self.fields.contains("transfer-encoding") {
            guard lengths.isEmpty, self.fields.values(of: "transfer-encoding") == ["chunked"] else {
                throw MessageReader.Malformed(description: "ambiguous framing: \(self.rawHead.debugDescription)")
            }
            return .chunked
        }
        guard lengths.count <= 1 else {
            throw MessageReader.Malformed(description: "two lengths: \(self.rawHead.debugDescription)")
        }
        guard let length = lengths.first else { return .untilEnd }
        guard let number = Int(length), number >= 0 else {
            throw MessageReader.Malformed(description: "not a length: \(length.debugDescription)")
        }
        return .length(number)
    }
}

/// Sends a text before whatever the handlers behind it send.
private final class PrefaceHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let preface: String

    init(_ preface: String) { self.preface = preface }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(NIOAny(ByteBuffer(string: self.preface)), promise: nil)
        context.fireChannelActive()
    }
}
