// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Content of unknown length that ends in an error when it becomes more than is taken.
final class LimitedBody: BodySource {
    private let source: any BodySource
    private let error: ProxyError
    private let limit: Int
    private var count = 0

    init(_ source: any BodySource, limit: Int, error: ProxyError) {
        self.source = source
        self.limit = limit
        self.error = error
    }

    var length: Int? { self.source.length }
    var trailers: HeaderFields? { self.source.trailers }

    func next() async throws(ProxyError) -> ByteBuffer? {
        guard let piece = try await self.source.next() else { return nil }
        self.count += piece.readableBytes
        guard self.count <= self.limit else { throw self.error }
        return piece
    }

    func abandon() { self.source.abandon() }
}
