// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// The content of a message: in one piece where it came so, else as a stream.
package enum Body {
    case whole(ByteBuffer)
    case stream(any BodySource)

    package static var empty: Body { .whole(ByteBuffer()) }

    /// The octets of the content, where they are known before it was read.
    var length: Int? {
        switch self {
        case .whole(let buffer): buffer.readableBytes
        case .stream(let source): source.length
        }
    }

    /// Reads everything, or as much as shows that it is more than the limit, or than there is room for.
    func collect(upTo limit: Int, in room: ContentRoom? = nil) async throws(ProxyError) -> Collected {
        switch self {
        case .whole(let buffer):
            return buffer.readableBytes <= limit ? .whole(buffer) : .tooLarge(self)
        case .stream(let source):
            if let length = source.length, length > limit { return .tooLarge(self) }
            var collected = ByteBuffer()
            while var piece = try await source.next() {
                let hasRoom = room?.take(piece.readableBytes) ?? true
                if collected.readableBytes == 0 { collected = piece } else { collected.writeBuffer(&piece) }
                if collected.readableBytes > limit || !hasRoom {
                    return .tooLarge(.stream(PrefixedBody(collected, then: source)))
                }
            }
            return .whole(collected)
        }
    }

    enum Collected {
        case whole(ByteBuffer)
        /// The content, still to be read from its beginning.
        case tooLarge(Body)
    }
}

/// Content that is read piece by piece, on the event loop of the exchange only.
package protocol BodySource: AnyObject {
    /// Octets in all, where the head told.
    var length: Int? { get }
    /// Fields that came after the content; known once `next` has returned nil.
    var trailers: HeaderFields? { get }
    /// The next piece, never empty, or nil at the end. Throws when the content is cut off; then it has no end.
    func next() async throws(ProxyError) -> ByteBuffer?
    /// Nobody will read the rest.
    func abandon()
}

/// What was read ahead, which may be nothing, and then the rest.
final class PrefixedBody: BodySource {
    private var prefix: ByteBuffer?
    private let rest: any BodySource
    let length: Int?

    /// - Parameter length: Of both together, where the rest does not know of the prefix.
    init(_ prefix: ByteBuffer, then rest: any BodySource, length: Int? = nil) {
        self.prefix = prefix
        self.rest = rest
        self.length = length ?? rest.length
    }

    var trailers: HeaderFields? { self.rest.trailers }

    func next() async throws(ProxyError) -> ByteBuffer? {
        let prefix = self.prefix.take()
        if let prefix, prefix.readableBytes > 0 { return prefix }
        return try await self.rest.next()
    }

    func abandon() { self.rest.abandon() }
}
