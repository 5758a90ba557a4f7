// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import NIOCore
import NIOHPACK

/// A client of HTTP/2 that sends whatever frames a test likes, and tells which came back.
package final class HTTP2Client {
    package let client: TestClient
    /// Whether it says at once that it has taken what it got.
    package var opensWindows = true
    /// Whether it acknowledges settings.
    package var acknowledgesSettings = true
    /// Octets of the longest payload that came.
    package private(set) var longest = 0
    private var decoder = HPACKDecoder(
        allocator: ByteBufferAllocator(),
        maxDynamicTableSize: HPACKDecoder.maxDynamicTableSize,
        maxHeaderListSize: 64 << 10
    )
    /// Frames that came while another stream was waited for.
    private var waiting: [TestFrame] = []

    /// Of a client that has sent the preface already, and maybe more.
    package init(begun client: TestClient) { self.client = client }

    /// Sends the preface and waits for the server's settings.
    package init(_ client: TestClient, settings: TestFrame = .settings()) async throws {
        self.client = client
        try await client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        try await self.send(settings)
        _ = try await self.frame { $0.kind == .settings && !$0.has(TestFrame.ack) }
    }

    package convenience init(to port: Int, settings: TestFrame = .settings()) async throws {
        try await self.init(TestClient(to: port), settings: settings)
    }

    package func send(_ frames: TestFrame...) async throws {
        try await self.client.send(bytes: frames.flatMap(\.bytes))
    }

    package func send(_ frames: [TestFrame]) async throws {
        try await self.client.send(bytes: frames.flatMap(\.bytes))
    }

    /// The next frame that a test is interested in. Settings and pings of the server are answered.
    package func frame(
        upTo limit: Duration = .seconds(60),
        where isWanted: (TestFrame) -> Bool = { _ in true }
    ) async throws -> TestFrame {
        if let index = self.waiting.firstIndex(where: isWanted) { return self.waiting.remove(at: index) }
        while true {
            let frame = try await self.client.wire.receive("a frame", upTo: limit, TestFrame.take)
            self.longest = max(self.longest, frame.payload.count)
            if frame.kind == .settings, !frame.has(TestFrame.ack), self.acknowledgesSettings {
                try await self.send(TestFrame(.settings, flags: TestFrame.ack))
            }
            if frame.kind == .ping, !frame.has(TestFrame.ack) {
                try await self.send(TestFrame(.ping, flags: TestFrame.ack, frame.payload))
            }
            if frame.kind == .data, self.opensWindows, !frame.payload.isEmpty {
                let count = UInt32(frame.payload.count)
                var updates = [TestFrame.windowUpdate(count)]
                if !frame.has(TestFrame.endStream) { updates.append(.windowUpdate(count, stream: frame.stream)) }
                try? await self.send(updates)
            }
            if isWanted(frame) { return frame }
            self.waiting.append(frame)
        }
    }

    /// Waits until the server ends a stream or the connection with an error; returns its code, nil for a plain close.
    package func failure(upTo limit: Duration = .seconds(60)) async throws -> UInt32? {
        do {
            return try await self.frame(upTo: limit) { $0.kind == .reset || $0.kind == .goAway }.errorCode
        } catch is WireEnded {
            return nil
        }
    }

    /// The whole response on a stream, with the interim ones before it.
    package func response(on stream: UInt32 = 1, upTo limit: Duration = .seconds(60)) async throws -> HTTP2Response {
        var response = HTTP2Response()
        while true {
            let frame = try await self.frame(upTo: limit) { frame in
                frame.stream == stream && [.headers, .data, .reset].contains(frame.kind)
                    || frame.kind == .goAway && frame.errorCode != 0
            }
            switch frame.kind {
            case .data: response.body += frame.payload
            case .headers: try await self.add(frame, to: &response)
            default:
                response.errorCode = frame.errorCode
                return response
            }
            if frame.has(TestFrame.endStream) { return response }
        }
    }

    private func add(_ frame: TestFrame, to response: inout HTTP2Response) async throws {
        var (block, last) = (ByteBuffer(bytes: frame.payload), frame)
        while !last.has(TestFrame.endHeaders) {
            last = try await self.frame { $0.kind == .continuation && $0.stream == frame.stream }
            block.writeBytes(last.payload)
        }
        let section = try self.decoder.decodeHeaders(from: &block)
        var fields = HeaderFields()
        for (name, value, _) in section { fields.add(name, value) }
        guard let status = fields[":status"].flatMap({ Int($0) }) else {
            response.trailers = fields
            return
        }
        if response.status != 0 { response.interim.append(response.status) }
        response.status = status
        response.fields = fields
    }

    /// A request and its response.
    package func exchange(
        _ method: String,
        _ path: String,
        _ fields: [(String, String)] = [],
        body: [UInt8]? = nil,
        stream: UInt32 = 1
    ) async throws -> HTTP2Response {
        try await self.send(
            .headers(TestFrame.request(method, path, fields), stream: stream, endStream: body == nil)
        )
        if let body { try await self.send(.data(body, stream: stream)) }
        return try await self.response(on: stream)
    }
}

package struct HTTP2Response: Sendable {
    /// 0 if none came.
    package var status = 0
    package var fields = HeaderFields()
    package var body: [UInt8] = []
    package var trailers = HeaderFields()
    package var interim: [Int] = []
    /// How the stream or the connection was ended; nil if the response is complete.
    package var errorCode: UInt32?

    package var text: String { String(decoding: self.body, as: UTF8.self) }
}
