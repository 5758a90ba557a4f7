// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a client sends before it has acknowledged our settings (RFC 9113, 6.5.3).
///
/// Until then the codec takes no head of more than 16 KiB, and a client that does not wait for our settings may send one.
/// So what may be as long waits for the acknowledgement, and everything behind it too: that is a round trip. If none
/// comes, nothing was asked, and the connection ends as one that is idle.
struct UnsettledInput {
    private(set) var isSettled = false
    /// What has come and was not let go.
    private var pending = ByteBuffer()
    /// How far behind the first octet of `pending` the next frame begins.
    private var next: Int
    /// The same of the frame that waits.
    private var waiting: Int?

    /// Octets that may be more than 16 KiB when they are decoded.
    fileprivate static let long = 4 << 10
    /// As many may wait: a head, and the 64 KiB that the first window lets through behind it (RFC 9113, 6.9.2).
    private static let limit = 128 << 10

    /// - Parameter preface: Octets before the first frame.
    init(preface: Int) { self.next = preface }

    /// - Returns: What the codec may have now. Once it `isSettled`, that is all there was.
    mutating func receive(_ bytes: ByteBuffer) -> ByteBuffer {
        self.pending.writeImmutableBuffer(bytes)
        while let frame = self.pending.frameHead(at: self.next) {
            if frame.acknowledgesSettings { return self.settled() }
            if self.waiting == nil, frame.mayBeLong { self.waiting = self.next }
            self.next += FrameHead.size + frame.length
        }
        guard self.pending.readableBytes <= Self.limit else {
            self.isSettled = true
            return self.pending
        }
        return self.take(self.waiting ?? self.next)
    }

    /// Lets everything go, the acknowledgement before what has waited for it.
    private mutating func settled() -> ByteBuffer {
        self.isSettled = true
        guard let waiting = self.waiting else { return self.pending }
        var ready = self.take(waiting)
        var before = self.take(self.next)
        var acknowledgement = self.take(FrameHead.size)
        ready.writeBuffer(&acknowledgement)
        ready.writeBuffer(&before)
        ready.writeBuffer(&self.pending)
        return ready
    }

    private mutating func take(_ count: Int) -> ByteBuffer {
        let count = min(count, self.pending.readableBytes)
        self.next -= count
        self.waiting = self.waiting.map { $0 - count }
        return self.pending.readSlice(length: count) ?? ByteBuffer()
    }
}

extension FrameHead {
    /// Whether this begins a head that is long when it is decoded, or one that goes on in the next frame.
    fileprivate var mayBeLong: Bool {
        self.type == Self.headers && (self.length > UnsettledInput.long || self.flags & Self.endHeaders == 0)
    }
}
