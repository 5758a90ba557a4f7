// SPDX-License-Identifier: Apache-2.0

import Dispatch
package import ProxyConfiguration
import Synchronization

/// Takes lines from any thread and has one background thread write them, so that no event loop ever waits for a disk
/// or for a reader.
///
/// Lines wait in a bounded block of memory, for 20 ms at most. When it is full because nobody takes them, new lines are
/// dropped and counted, and a line says so as soon as there is room again.
package final class LogSink: Sendable {
    private struct State {
        var buffer: LogBuffer
        var dropped = 0
        var wake = Wake.none

        /// Returns what the writer must be told now, if anything.
        mutating func nextWake(halfFull: Bool) -> Wake {
            switch (self.wake, halfFull) {
            case (.none, false): self.wake = .soon
            case (.none, true), (.soon, true): self.wake = .atOnce
            case (.soon, false), (.atOnce, _): return .none
            }
            return self.wake
        }

        /// Returns what is to be written now, and whether there is a word on dropped lines to be written after it.
        mutating func take(leaving spare: LogBuffer.Block, upTo capacity: Int) -> (LogBuffer.Block, Bool) {
            let block = self.buffer.take(leaving: spare)
            self.wake = .none
            guard self.dropped > 0 else { return (block, false) }
            let dropped = self.dropped
            self.dropped = 0
            let isNoted = self.buffer.add(upTo: capacity) { line in
                line.positional("level", word: "warning")
                line.positional("message", "[LOG] lines were dropped: they came faster than they could be written")
                line.field("dropped", dropped)
            }
            return (block, isNoted)
        }
    }

    /// What the writer has been asked for since it last looked.
    private enum Wake { case none, soon, atOnce }

    private struct Writer {
        var file: LogFile
        var isFailing = false
        /// Used in turns with the block of the buffer.
        var spare = LogBuffer.Block()
    }

    private let destination: LogDestination
    /// Bytes that wait at most.
    private let capacity: Int
    private let state: Mutex<State>
    /// Touched on the queue only.
    private let writer: Mutex<Writer>
    private let queue = DispatchQueue(label: "windbreak.log")
    private let onTrouble: @Sendable (LogFileError?) -> Void

    /// - Parameter capacity: Bytes that may wait, 1 MiB unless told otherwise.
    /// - Parameter onTrouble: Called with the reason when lines cannot be written any more, and with nil when they can
    ///   again.
    /// - Throws: `LogFileError` when the file cannot be opened.
    package init(
        _ destination: LogDestination,
        format: LogConfiguration.Format,
        capacity: Int = 1 << 20,
        onTrouble: @escaping @Sendable (LogFileError?) -> Void = { _ in }
    ) throws(LogFileError) {
        self.destination = destination
        self.capacity = capacity
        self.onTrouble = onTrouble
        self.state = Mutex(State(buffer: LogBuffer(format)))
        self.writer = Mutex(Writer(file: try LogFile(destination)))
    }

    /// The format of the lines that follow.
    package func setFormat(_ format: LogConfiguration.Format) {
        self.state.withLock { $0.buffer.setFormat(format) }
    }

    /// Has one line written by the closure, which may be called twice. Holds other threads up for no longer than that.
    func write(_ line: (inout LogLine) -> Void) {
        let wake = self.state.withLock { state in
            if !state.buffer.add(upTo: self.capacity, line) { state.dropped += 1 }
            return state.nextWake(halfFull: state.buffer.count > self.capacity / 2)
        }
        switch wake {
        case .none: break
        // Waking a thread costs more than a line does; in 20 ms it has many to write.
        case .soon: self.queue.asyncAfter(deadline: .now() + .milliseconds(20)) { self.drain() }
        case .atOnce: self.queue.async { self.drain() }
        }
    }

    /// Waits until all that was written so far has left the process, for 2 s at most: a reader that has stopped reading
    /// must not keep it from ending.
    package func flush() {
        let isDone = DispatchSemaphore(value: 0)
        self.queue.async {
            self.drain()
            isDone.signal()
        }
        _ = isDone.wait(timeout: .now() + .seconds(2))
    }

    /// Opens the file anew, as it has to be after a rotation. What was written before goes to the old one, which stays
    /// in use when the new one cannot be opened.
    package func reopen() throws(LogFileError) {
        let file = try LogFile(self.destination)
        self.queue.async {
            self.drain()
            self.writer.withLock { $0.file = file }
        }
    }

    private func drain() {
        self.writer.withLock { writer in
            var isMore = true
            while isMore {
                var block: LogBuffer.Block
                (block, isMore) = self.state.withLock { $0.take(leaving: writer.spare, upTo: self.capacity) }
                writer.spare = LogBuffer.Block()
                if block.count > 0, !self.write(block, by: &writer) { isMore = false }
                block.count = 0
                writer.spare = block
            }
        }
    }

    /// Returns false when its lines are lost.
    private func write(_ block: LogBuffer.Block, by writer: inout Writer) -> Bool {
        var trouble: LogFileError?
        do throws(LogFileError) {
            try writer.file.writeAll(block.bytes[..<block.count])
        } catch {
            trouble = error
            let lost = block.lines
            self.state.withLock { $0.dropped += lost }
        }
        let wasFailing = writer.isFailing
        writer.isFailing = trouble != nil
        if writer.isFailing != wasFailing { self.onTrouble(trouble) }
        return trouble == nil
    }
}
