// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// One answer, and how it reaches the client.
struct Reply: Sendable {
    var status: HTTPResponseStatus
    var headers: [(name: String, value: String)]
    var body: ByteBuffer
    /// Milliseconds before the first byte.
    var delay = 0
    var delivery: Delivery = .whole

    enum Delivery: Sendable {
        case whole
        /// The connection stays open and silent.
        case never
        /// RST in place of an answer.
        case reset
        /// Half of the body, then RST or FIN.
        case half(isReset: Bool)
        /// The body's bytes alone, without a head, then FIN.
        case notHTTP
    }

    static func json(_ status: HTTPResponseStatus, _ value: JSON) -> Reply {
        Reply(status: status, headers: [("Content-Type", "application/json; charset=utf-8")], body: value.serialized)
    }

    static func text(_ status: HTTPResponseStatus, _ sentence: String) -> Reply {
        let type = "text/plain; charset=utf-8"
        return Reply(status: status, headers: [("Content-Type", type)], body: ByteBuffer(string: sentence))
    }

    static func html(_ status: HTTPResponseStatus, _ page: String) -> Reply {
        Reply(status: status, headers: [("Content-Type", "text/html")], body: ByteBuffer(string: page))
    }
}
