// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Tells a client that has only ended its own side, and waits for the answer, from one that is gone.
///
/// TCP says the same of both, until something is sent to them: the system of a client that is gone resets the
/// connection then. An answer that comes at once is the test itself.
enum SilentClient {
    /// What a client that waits costs nothing, and one that is gone little.
    static let grace = TimeAmount.seconds(1)

    enum Step: Hashable {
        /// It will show, or has shown.
        case wait
        /// Send an interim response: any client of HTTP/1.1 has to put up with one (RFC 9110, 15.2).
        case ask
        case giveUp
    }

    /// What is going on when the client has been silent for the time of grace.
    struct Exchange: Hashable {
        /// What the client speaks.
        var version: HTTPVersion
        /// Whether the final answer has begun.
        var hasBegun = false

        /// - Parameter hasSent: Whether the client was sent anything after it had ended its side.
        func step(hasSent: Bool) -> Step {
            if hasSent { return .wait }
            // Within an answer nothing can be asked, and one that stands still may do so for ever.
            if self.hasBegun { return .giveUp }
            return self.version >= .http1_1 ? .ask : .wait
        }
    }
}
