// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// What a faulty upstream does about one request, step by step.
package struct Reply: Sendable {
    package enum Step: Sendable {
        case send(ByteBuffer)
        /// So many octets of `x`, which are never in memory at once.
        case sendMany(Int)
        /// Reads the rest of the request; only where the upstream answers on the head.
        case receiveBody
        case pause(Duration)
        case pass(Gate)
        /// Does nothing until the peer is gone.
        case stall
        /// Ends what it sends, and reads on.
        case halfClose
        case finish
        case reset
    }

    package enum Framing: Sendable { case length, chunked, untilClose }

    package var steps: [Step]

    package init(_ steps: [Step]) { self.steps = steps }

    // MARK: Well-behaved

    package static func respond(
        _ status: Int = 200,
        _ fields: HeaderFields = [:],
        body: String = "",
        as framing: Framing = .length,
        trailers: HeaderFields = [:]
    ) -> Reply {
        var head = "HTTP/1.1 \(status) Test\r\n" + fields.lines
        var content = body
        switch framing {
        case .length:
            if status >= 200, status != 204, status != 304 { head += "Content-Length: \(body.utf8.count)\r\n" }
        case .chunked:
            head += "Transfer-Encoding: chunked\r\n"
            content = body.isEmpty ? "" : "\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n"
            content += "0\r\n" + trailers.lines + "\r\n"
        case .untilClose:
            head += "Connection: close\r\n"
        }
        var steps: [Step] = [.send(ByteBuffer(string: head + "\r\n")), .send(ByteBuffer(string: content))]
        if case .untilClose = framing { steps.append(.finish) }
        return Reply(steps)
    }

    /// A head without content whatever it announces, as HEAD and 304 have it.
    package static func headOnly(_ status: Int = 200, _ fields: HeaderFields) -> Reply {
        .raw("HTTP/1.1 \(status) Test\r\n" + fields.lines + "\r\n")
    }

    /// 200 with a body of so many octets.
    package static func large(_ count: Int) -> Reply {
        Reply([.send(ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: \(count)\r\n\r\n")), .sendMany(count)])
    }

    // MARK: Misbehaved

    /// These bytes and no others; then the connection is kept.
    package static func raw(_ text: String) -> Reply { Reply([.send(ByteBuffer(string: text))]) }

    /// Never answers.
    package static let stall = Reply([.stall])
    package static let reset = Reply([.reset])
    package static let finish = Reply([.finish])

    // MARK: Variations

    package func after(_ latency: Duration) -> Reply { Reply([.pause(latency)] + self.steps) }
    package func after(_ gate: Gate) -> Reply { Reply([.pass(gate)] + self.steps) }

    /// Something else in front: an interim response, say.
    package func preceded(by other: Reply) -> Reply { Reply(other.steps + self.steps) }

    package func then(_ step: Step) -> Reply { Reply(self.steps + [step]) }

    /// Cuts the content off after so many octets (of its framing, where it is chunked).
    package func stopping(afterBody count: Int, then step: Step) -> Reply {
        var left = count
        var kept = Array(self.steps.prefix(1))
        for case .send(var bytes) in self.steps.dropFirst() {
            kept.append(.send(bytes.readSlice(length: min(left, bytes.readableBytes)) ?? ByteBuffer()))
            left -= min(left, bytes.readableBytes)
        }
        return Reply(kept + [step])
    }

    /// Sends everything in pieces of so many octets, with a pause after each.
    package func dripping(_ count: Int, every pause: Duration) -> Reply {
        Reply(
            self.steps.flatMap { step -> [Step] in
                guard case .send(var bytes) = step else { return [step] }
                var steps: [Step] = []
                while let piece = bytes.readSlice(length: min(count, bytes.readableBytes)), piece.readableBytes > 0 {
                    steps += [.send(piece), .pause(pause)]
                }
                return steps
            }
        )
    }
}
