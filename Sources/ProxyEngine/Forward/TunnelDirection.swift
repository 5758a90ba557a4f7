// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

/// When a tunnel last carried something, and why it was given up if it was.
final class TunnelPulse {
    private let idle: TimeAmount
    private let end: NIODeadline
    private var last = NIODeadline.now()
    private(set) var reason: ProxyError.Kind?

    init(_ settings: ForwardConfiguration) {
        self.idle = TimeAmount(settings.idle)
        self.end = .now() + TimeAmount(settings.total)
    }

    /// When it is to be given up, if nothing moves until then.
    var deadline: NIODeadline { min(self.last + self.idle, self.end) }

    func beat() { self.last = .now() }

    func giveUp() {
        self.reason = self.reason ?? (self.end <= .now() ? .totalTimeout : .idleTimeout)
    }
}

/// One way through a tunnel, at the pace of whoever is slower.
final class TunnelDirection {
    private let source: ByteStream
    private let sink: ByteStream
    private let pulse: TunnelPulse
    /// Octets that went through.
    private(set) var count = 0

    init(from source: ByteStream, to sink: ByteStream, _ pulse: TunnelPulse) {
        self.source = source
        self.sink = sink
        self.pulse = pulse
    }

    /// Returns when the source has said all, and the other direction may go on; or when both are cut off.
    func run() async {
        do throws(ByteStream.Interruption) {
            while try await self.receive() {
                let piece = self.source.received
                self.source.received = ByteBuffer()
                self.sink.write(piece)
                try await self.wait { deadline throws(ByteStream.Interruption) in
                    try await self.sink.flush(until: deadline)
                }
                self.count += piece.readableBytes
                self.pulse.beat()
            }
            // Closing a side drops what waits to be sent on it when the other side is closed already.
            try await self.wait { deadline throws(ByteStream.Interruption) in
                try await self.sink.flushAll(until: deadline)
            }
            self.sink.closeOutput()
        } catch {
            if case .timedOut = error { self.pulse.giveUp() }
            for stream in [self.source, self.sink] { stream.reset() }
        }
    }

    /// Whether something has come; false at the end of what the source says.
    private func receive() async throws(ByteStream.Interruption) -> Bool {
        while self.source.received.readableBytes == 0 {
            do throws(ByteStream.Interruption) {
                try await self.wait { deadline throws(ByteStream.Interruption) in
                    try await self.source.receiveMore(until: deadline)
                }
            } catch {
                guard case .ended(nil) = error else { throw error }
                return self.source.received.readableBytes > 0
            }
        }
        return true
    }

    /// The time that is waited for is both directions': what one carries keeps the other.
    private func wait(
        _ step: (NIODeadline) async throws(ByteStream.Interruption) -> Void
    ) async throws(ByteStream.Interruption) {
        while true {
            do throws(ByteStream.Interruption) {
                return try await step(self.pulse.deadline)
            } catch {
                guard case .timedOut = error, self.pulse.deadline > .now() else { throw error }
            }
        }
    }
}
