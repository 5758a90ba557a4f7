// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import NIOCore
import NIOHPACK
import NIOPosix
import NIOSSL

/// A server of HTTP/2 on loopback, over TLS by ALPN, that answers each request with whatever frames a test likes.
package final class FrameUpstream: Sendable {
    package struct Request: Sendable {
        /// Which of the connections brought it, from 0.
        package var connection: Int
        package var stream: UInt32
        /// With the pseudo-fields.
        package var fields: HeaderFields
        package var body: [UInt8] = []
        package var trailers: HeaderFields = [:]
    }

    package struct Record: Sendable {
        package var accepted = 0
        /// Connections that are over.
        package var ended = 0
        package var requests: [Request] = []
        /// The codes of streams that the client has reset.
        package var resets: [UInt32] = []
        fileprivate var wires: [Wire] = []
        fileprivate var listener: (any Channel)?
    }

    package typealias Answer = @Sendable (Request) async -> [TestFrame]

    package let record = Watched(Record())
    package let port: Int
    private let settings: TestFrame

    /// - Parameters:
    ///   - greet: Waits before anything of a connection is read, and so before its handshake.
    ///   - protocols: What it takes by ALPN. Whoever takes another than HTTP/2 gets octets that are none of that.
    ///   - answer: The frames that a complete request gets; they may be of any stream.
    package init(
        settings: TestFrame = .settings(),
        greet: @escaping @Sendable (_ connection: Int) async throws -> Void = { _ in },
        protocols: @escaping @Sendable (_ connection: Int) -> [String] = { _ in ["h2"] },
        _ answer: @escaping Answer
    ) async throws {
        let record = self.record
        self.settings = settings
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let context = try TestCertificate.localhost.serverContext(
                        protocols: protocols(record.value.accepted)
                    )
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                    let wire = try Wire.install(on: channel)
                    let number = record.update { record in
                        record.accepted += 1
                        record.wires.append(wire)
                        return record.accepted - 1
                    }
                    let connection = FrameConnection(wire: wire, number: number, record: record, answer: answer)
                    Task {
                        try? await greet(number)
                        try? await connection.serve(settings)
                        record.update { $0.ended += 1 }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0)
            .value("a listener to bind")
        self.port = listener.localAddress?.port ?? 0
        record.update { $0.listener = listener }
    }

    package func send(_ frames: [TestFrame], onConnection number: Int) async throws {
        let wire = self.record.value.wires[number]
        for frame in frames { try await wire.send(ByteBuffer(bytes: frame.bytes)) }
    }

    /// Waits until the client has closed a connection.
    package func ended(connection number: Int) async throws { _ = try await self.record.value.wires[number].gone() }

    /// Closes a connection in the middle of whatever is said on it.
    package func cut(connection number: Int) async { await self.record.value.wires[number].close() }

    package func stop() async {
        try? await self.record.update { $0.listener.take() }?.close().value("a listener to close")
        for wire in self.record.value.wires { await wire.close() }
    }

    /// A response in the usual frames.
    package static func respond(
        to request: Request,
        _ status: Int = 200,
        _ fields: [(String, String)] = [],
        body: String = "hello"
    ) -> [TestFrame] {
        let head = TestFrame.headers(
            [(":status", String(status))] + fields,
            stream: request.stream,
            endStream: body.isEmpty
        )
        return body.isEmpty ? [head] : [head, .data(Array(body.utf8), stream: request.stream)]
    }
}

/// One accepted connection, read frame by frame.
private final class FrameConnection: Sendable {
    let wire: Wire
    let number: Int
    let record: Watched<FrameUpstream.Record>
    let answer: FrameUpstream.Answer

    init(
        wire: Wire,
        number: Int,
        record: Watched<FrameUpstream.Record>,
        answer: @escaping FrameUpstream.Answer
    ) {
        self.wire = wire
        self.number = number
        self.record = record
        self.answer = answer
    }

    func serve(_ settings: TestFrame) async throws {
        _ = try await self.wire.receive("a preface") { $0.readBytes(length: 24) }
        try await self.send([settings])
        var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
        var open: [UInt32: FrameUpstream.Request] = [:]
        while true {
            let frame = try await self.wire.receive("a frame", upTo: .seconds(60), TestFrame.take)
            switch frame.kind {
            case .settings where !frame.has(TestFrame.ack):
                try await self.send([TestFrame(.settings, flags: TestFrame.ack)])
            case .ping where !frame.has(TestFrame.ack):
                try await self.send([TestFrame(.ping, flags: TestFrame.ack, frame.payload)])
            case .headers:
                var block = ByteBuffer(bytes: frame.payload)
                var fields = HeaderFields()
                for (name, value, _) in try decoder.decodeHeaders(from: &block) { fields.add(name, value) }
                if open[frame.stream] == nil {
                    open[frame.stream] = .init(connection: self.number, stream: frame.stream, fields: fields)
                } else {
                    open[frame.stream]?.trailers = fields
                }
            case .data where !frame.payload.isEmpty:
                open[frame.stream]?.body += frame.payload
                let count = UInt32(frame.payload.count)
                try await self.send([.windowUpdate(count), .windowUpdate(count, stream: frame.stream)])
            case .reset:
                self.record.update { $0.resets.append(frame.errorCode ?? 0) }
                open[frame.stream] = nil
            default: break
            }
            guard frame.kind == .headers || frame.kind == .data, frame.has(TestFrame.endStream),
                let request = open.removeValue(forKey: frame.stream)
            else { continue }
            self.record.update { $0.requests.append(request) }
            Task { try? await self.send(await self.answer(request)) }
        }
    }

    private func send(_ frames: [TestFrame]) async throws {
        guard !frames.isEmpty else { return }
        try await self.wire.send(ByteBuffer(bytes: frames.flatMap(\.bytes)))
    }
}
