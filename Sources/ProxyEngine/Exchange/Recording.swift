// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Synchronization

/// The content of an answer while it comes: kept for all who read it, each at his own pace, until it is whole, breaks off
/// or becomes more than is kept.
///
/// It is shared between loops, and holds at most the limit and one piece; all of them together what the store allows.
final class Recording: Sendable {
    /// Octets in all, where the head told. Content that is known to fit is never too much, so that others than the one
    /// who asked may begin with it.
    let length: Int?
    private let limit: Int
    private let store: MemoryStore
    private let state: Mutex<State>

    fileprivate struct State: Sendable {
        var content = ByteBuffer()
        /// Octets of the store's room.
        var room = 0
        var end: SharedAttempt.Result?
        var waiting: [Int: Waiter] = [:]
        var lastWaiter = 0
    }

    fileprivate struct Waiter: Sendable {
        /// What he has already.
        let position: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    /// What comes next for a reader.
    enum Next: Sendable {
        case piece(ByteBuffer)
        case end(SharedAttempt.Result)
    }

    /// As much is copied for a reader at once.
    private static let pieceSize = 64 << 10

    /// Nil if the store has no room for it.
    init?(length: Int?, limit: Int, store: MemoryStore) {
        let room = length ?? 0
        guard store.expect(room) else { return nil }
        self.length = length
        self.limit = limit
        self.store = store
        self.state = Mutex(State(room: room))
    }

    deinit { self.store.expectNoMore(self.state.withLock { $0.room }) }

    // MARK: Writing

    /// What has come.
    var content: ByteBuffer { self.state.withLock { $0.content } }

    /// - Returns: Whether it is not too much yet, for the limit or for the store. The piece that is the first too much is
    ///   kept for the one who asked.
    func append(_ piece: ByteBuffer) -> Bool {
        // What is known to come has its room already.
        let isExpected = self.length != nil || self.store.expect(piece.readableBytes)
        let (count, resumed) = self.state.withLock { state in
            if self.length == nil, isExpected { state.room += piece.readableBytes }
            state.content.writeImmutableBuffer(piece)
            let count = state.content.readableBytes
            return (count, state.takeWaiting { $0 < count })
        }
        for continuation in resumed { continuation.resume() }
        return count <= self.limit && isExpected
    }

    /// - Parameter result: `answer` with the whole content, `failed` where it broke off, or `unshared` where it was too
    ///   much.
    func end(with result: SharedAttempt.Result) {
        let resumed = self.state.withLock { state in
            state.end = result
            // One copy is enough.
            if case .answer(let answer, _) = result { state.content = answer.content }
            return state.takeWaiting { _ in true }
        }
        for continuation in resumed { continuation.resume() }
    }

    // MARK: Reading

    /// Waits for what follows after so many octets. Nobody who is cancelled waits on.
    func next(from position: Int) async throws(ProxyError) -> Next {
        while true {
            if let next = self.state.withLock({ $0.next(from: position, upTo: Self.pieceSize) }) { return next }
            await self.wait(from: position)
            if Task.isCancelled { throw ProxyError(.cancelled, "the client went away") }
        }
    }

    /// Waits for the end.
    func result() async throws(ProxyError) -> SharedAttempt.Result {
        while true {
            if let end = self.state.withLock({ $0.end }) { return end }
            await self.wait(from: .max)
            if Task.isCancelled { throw ProxyError(.cancelled, "the client went away") }
        }
    }

    private func wait(from position: Int) async {
        let id = self.state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = self.state.withLock { state in
                    // A cancellation before this was too early for its handler; one after it finds the waiter.
                    if state.end != nil || state.content.readableBytes > position || Task.isCancelled { return true }
                    state.waiting[id] = Waiter(position: position, continuation: continuation)
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiting.removeValue(forKey: id) }?.continuation.resume()
        }
    }
}

extension Recording.State {
    fileprivate func next(from position: Int, upTo size: Int) -> Recording.Next? {
        let count = self.content.readableBytes - position
        guard count > 0 else { return self.end.map { .end($0) } }
        let start = self.content.readerIndex + position
        if self.end != nil { return self.content.getSlice(at: start, length: count).map { .piece($0) } }
        // A copy: a slice would have the whole content copied with every piece that comes.
        let bytes = self.content.viewBytes(at: start, length: min(size, count))
        return bytes.map { .piece(ByteBuffer(bytes: $0)) }
    }

    fileprivate mutating func takeWaiting(where isTaken: (Int) -> Bool) -> [CheckedContinuation<Void, Never>] {
        guard !self.waiting.isEmpty else { return [] }
        let taken = self.waiting.filter { isTaken($0.value.position) }
        for id in taken.keys { self.waiting[id] = nil }
        return taken.values.map(\.continuation)
    }
}

/// A recording as it is read for one client.
final class RecordedBody: BodySource {
    let length: Int?
    private var recording: Recording?
    private var rest: (any BodySource)?
    private var position = 0

    /// - Parameter rest: Where the one who asked reads on, at his own pace, when it becomes too much to be recorded.
    init(_ recording: Recording, before rest: (any BodySource)? = nil) {
        self.length = recording.length
        self.recording = recording
        self.rest = rest
    }

    var trailers: HeaderFields? { self.rest?.trailers }

    func next() async throws(ProxyError) -> ByteBuffer? {
        if let recording = self.recording {
            switch try await recording.next(from: self.position) {
            case .piece(let piece):
                self.position += piece.readableBytes
                return piece
            case .end(.answer):
                return nil
            case .end(.failed(let error)):
                throw error
            case .end(.unshared), .end(.superseded), .end(.coming):
                // What was recorded is of no use to anybody any more.
                self.recording = nil
            }
        }
        guard let rest = self.rest else { throw ProxyError(.internalError, "the rest of the answer is another's") }
        return try await rest.next()
    }

    /// What is recorded is recorded on.
    func abandon() {
        if self.recording == nil { self.rest?.abandon() }
        self.rest = nil
    }
}
