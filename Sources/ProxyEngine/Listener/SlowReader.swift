// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Watches how a client takes what was written to it, be it still with us or already in the buffers of the system, where
/// no write waits for it any more.
struct SlowReader {
    /// While octets are on their way.
    private var reading: Reading?
    private var writtenAtCheck = 0

    private struct Reading {
        var pace: Pace
        var since: NIODeadline
        var progress: OutputProgress
    }

    /// To be asked every now and then.
    ///
    /// - Parameter pace: What is asked of the client from now on, if nothing was on its way before.
    mutating func isTooSlow(on stream: ByteStream, _ pace: Pace, now: NIODeadline) -> Bool {
        guard self.reading != nil || stream.written > self.writtenAtCheck else { return false }
        self.writtenAtCheck = stream.written
        let progress = stream.outputProgress
        guard progress.isPending else {
            self.reading = nil
            return false
        }
        var reading = self.reading ?? Reading(pace: pace, since: now, progress: progress)
        reading.pace.waited(now - reading.since, for: progress.octets(since: reading.progress))
        reading.since = now
        reading.progress = progress
        self.reading = reading
        return reading.pace.isOver
    }
}
