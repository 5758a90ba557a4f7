// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// Says why connections are not accepted. NIO tries again after a second.
final class AcceptTrouble: ChannelInboundHandler {
    typealias InboundIn = any Channel

    private let logger: Logger

    init(_ logger: Logger) { self.logger = logger }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError {
            self.logger.error("[LIMIT] cannot accept connections: \(error.sentence)")
        }
        context.fireErrorCaught(error)
    }
}
