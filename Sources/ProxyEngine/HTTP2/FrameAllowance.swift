// SPDX-License-Identifier: Apache-2.0

/// How many frames that carry nothing of a message a peer may still send.
///
/// They cost it nothing and us a little, so what carries something has to pay for them: a peer that gets content may say
/// after each kilobyte that it has taken it, on its stream and on the connection, and is far from the limit.
struct FrameAllowance {
    /// The number of frames that are left.
    private(set) var left = 1000

    private static let forOneOfUse = 40

    mutating func received(_ frame: FrameHead) throws(FrameFlood) {
        switch frame.type {
        case FrameHead.headers: self.left += Self.forOneOfUse
        // The codec counts these: how many are empty, and how many come in half a minute.
        case FrameHead.data, FrameHead.priority, FrameHead.reset, FrameHead.settings, FrameHead.ping,
            FrameHead.continuation:
            break
        default:
            self.left -= 1
            guard self.left >= 0 else { throw FrameFlood() }
        }
    }

    mutating func sent(_ frame: FrameHead) {
        if frame.type == FrameHead.data { self.left += Self.forOneOfUse }
    }
}

/// A peer sends so much that means so little that it must mean harm.
struct FrameFlood: Error {}
