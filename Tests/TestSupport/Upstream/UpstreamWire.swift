// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// One connection of a faulty upstream: requests in, replies out, step by step.
struct UpstreamWire: Sendable {
    let wire: Wire
    let number: Int
    let record: Watched<FaultyUpstream.Record>
    let start: FaultyUpstream.Start
    let answer: @Sendable (ReceivedRequest) async -> Reply

    /// No test lasts longer; then a connection that was forgotten goes away.
    private static let limit: Duration = .seconds(120)

    func serve(greeting: Reply?) async {
        let watcher = Task {
            let end = (try? await self.wire.gone(upTo: Self.limit)) ?? .reset
            self.record.update { $0.ended[self.number] = end }
        }
        do {
            if let greeting {
                var none: ReceivedRequest?
                for step in greeting.steps { try await self.perform(step, of: &none) }
            }
            while true { try await self.serveOne() }
        } catch {
            // Whatever went wrong, the test sees it on the other side.
            await self.wire.close()
        }
        await watcher.value
    }

    private func serveOne() async throws {
        let head = try await self.wire.receive("a request", upTo: Self.limit, MessageReader.takeHead)
        let words = head.firstLine.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 3 else { throw MessageReader.Malformed(description: head.firstLine) }
        var request: ReceivedRequest? = ReceivedRequest(
            rawHead: head.raw,
            method: String(words[0]),
            target: String(words[1]),
            fields: head.fields,
            connection: self.number
        )
        if self.start == .afterRequest { try await self.receiveBody(&request) }
        if self.start == .afterHead { self.remember(request) }
        guard let request else { return }
        let scripted = self.record.update { $0.nextReply() }
        let reply = if let scripted { scripted } else { await self.answer(request) }
        var pending: ReceivedRequest? = request
        for step in reply.steps { try await self.perform(step, of: &pending) }
    }

    private func receiveBody(_ request: inout ReceivedRequest?) async throws {
        guard let fields = request?.fields else { return }
        let extent: Wire.Extent =
            if fields.contains("transfer-encoding") {
                .chunked
            } else if let length = fields["content-length"].flatMap({ Int($0) }) {
                .length(length)
            } else {
                .none
            }
        let content = try await self.wire.receiveContent(extent, upTo: Self.limit)
        if let end = content.cut { throw WireEnded(end: end, rest: "") }
        request?.body = content.bytes
        request?.trailers = content.trailers
        if self.start == .afterRequest { self.remember(request) }
    }

    private func remember(_ request: ReceivedRequest?) {
        self.record.update { record in
            if let request { record.requests.append(request) }
        }
    }

    private func perform(_ step: Reply.Step, of request: inout ReceivedRequest?) async throws {
        switch step {
        case .send(let bytes): try await self.wire.send(bytes, upTo: Self.limit)
        case .sendMany(let count):
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
            var left = count
            while left > 0 {
                let most = min(left, piece.readableBytes)
                try await self.wire.send(piece.getSlice(at: 0, length: most) ?? piece, upTo: Self.limit)
                left -= most
            }
        case .receiveBody: try await self.receiveBody(&request)
        case .pause(let duration): try await Task.sleep(for: duration)
        case .pass(let gate): try await gate.pass()
        case .stall:
            let end = try await self.wire.gone(upTo: Self.limit)
            throw WireEnded(end: end, rest: "")
        case .halfClose: try await self.wire.halfClose()
        case .finish:
            await self.wire.close()
            throw WireEnded(end: .finished, rest: "")
        case .reset:
            await self.wire.reset()
            throw WireEnded(end: .reset, rest: "")
        }
    }
}
