// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// What carries one request to an upstream, and its answer back: a connection of HTTP/1.1 or a stream of HTTP/2.
protocol UpstreamConnection: AnyObject {
    /// Where content is received, and where the upstream's pace is waited for.
    var stream: ByteStream { get }
    /// Asked when it has ended before an answer: whether it had served a request before, so that it may have been dead
    /// since, which is the pool's fault.
    var isReused: Bool { get }
    /// Whether the upstream has said that it did nothing about the request (RFC 9113, 8.7).
    var isRefused: Bool { get }

    /// Queues a head, with the content where it is whole; nothing is sent before a flush.
    func write(_ head: RequestHead, content: ByteBuffer?)
    /// Queues a piece of the content of a head that was written without it.
    func write(_ piece: ByteBuffer)
    /// Queues the end of that content.
    func writeEnd(trailers: HeaderFields?)

    /// The next head that has come, be it interim or final.
    func takeHead() throws(HTTP1Error) -> ResponseHead?
    /// Begins with the content behind a final head.
    ///
    /// - Returns: Its octets, where the head tells.
    func beginContent(of head: ResponseHead, to method: HTTPMethod) throws(HTTP1Error) -> Int?
    func takeContent() throws(HTTP1Error) -> BodyDecoder.Piece
    /// The connection has ended without an error. Whether that was the end of the content too.
    func inputEnded() -> Bool

    /// The exchange has ended cleanly: the next may come.
    func release()
    /// The exchange is given up.
    ///
    /// - Parameter isSilent: Whether the upstream has said nothing in its time.
    func reset(isSilent: Bool)
}

extension UpstreamConnection {
    /// Interim responses before a final one; more is a flood.
    private static var maxInterim: Int { 16 }

    /// The final response's head. Interim ones are passed on, except 100, which this proxy has answered itself.
    ///
    /// - Parameter phase: What is waited for; asked anew for each wait, since the end of the request moves it.
    /// - Parameter offer: What the upstream may answer with 101.
    func receiveHead(
        by phase: () -> Phase,
        accepting offer: UpgradeOffer?,
        onInterim: ((ResponseHead) -> Void)?
    ) async throws(ProxyError) -> ResponseHead {
        var interim = 0
        while true {
            do throws(HTTP1Error) {
                while let head = try self.takeHead() {
                    guard head.status < 200, offer?.isAccepted(by: head) != true else { return head }
                    interim += 1
                    guard interim <= Self.maxInterim, head.status != 101 else {
                        throw .malformed("an interim response that was not asked for")
                    }
                    if head.status != 100 { onInterim?(head) }
                }
            } catch {
                throw ProxyError(.protocolError, error.detail)
            }
            do throws(ByteStream.Interruption) {
                try await self.stream.receiveMore(until: phase().end)
            } catch {
                // Asked once more, since the step that was too slow may have begun while this one waited.
                throw ProxyError(error, phase(), incomplete: self.stream.received.readableBytes > 0)
            }
        }
    }
}

extension ProxyError {
    /// - Parameter incomplete: Whether a part of the answer had come.
    init(_ interruption: ByteStream.Interruption, _ phase: Phase, incomplete: Bool) {
        switch interruption {
        case .timedOut: self = phase.error
        case .cancelled: self.init(.cancelled, "the client went away")
        case .abandoned(let reason): self = reason
        case .ended where incomplete: self.init(.incomplete, "the connection ended within the answer")
        case .ended: self.init(.reset, "the connection was closed before an answer")
        }
    }
}
