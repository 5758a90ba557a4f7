// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// Says why connections are not accepted, and has the listener rest: what waits to be accepted is still there, and would
/// be tried again and again without a pause.
final class AcceptTrouble: ChannelInboundHandler {
    typealias InboundIn = any Channel

    /// How long a listener rests.
    static let pause = TimeAmount.seconds(1)

    private let logger: Logger
    private let rest: (any Channel) -> Void

    init(_ logger: Logger, rest: @escaping (any Channel) -> Void) {
        self.logger = logger
        self.rest = rest
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError {
            self.logger.error("[LIMIT] cannot accept connections: \(error.sentence)")
            self.rest(context.channel)
        }
        context.fireErrorCaught(error)
    }
}
