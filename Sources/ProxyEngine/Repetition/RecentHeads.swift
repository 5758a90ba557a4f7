// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// The heads that one loop has read lately under one configuration.
///
/// Programs ask for the same thing with the same octets, over and over: what has been parsed, routed and hashed once need
/// not be again, and a hit does with less than half of the instructions. A head is kept once it has come twice, so that
/// those that never come again cost no more than their own hash.
final class RecentHeads {
    private static let slots = 256
    /// Octets of a head that is worth keeping. With all that is kept beside it that makes 4 MiB for each loop at most.
    private static let maxLength = 1 << 10

    /// The hash of the last head in each slot that came, kept or not.
    private var seen = [Int](repeating: 0, count: RecentHeads.slots)
    private var heads = [RecentHead?](repeating: nil, count: RecentHeads.slots)

    /// The head that is all of the buffer, if it has come before. The buffer stays as it is.
    func find(in buffer: ByteBuffer, tunnel: Authority?) -> RecentHead? {
        guard Self.mayBeHead(buffer) else { return nil }
        return self.find(Self.hash(buffer, tunnel), buffer, tunnel)
    }

    private func find(_ hash: Int, _ buffer: ByteBuffer, _ tunnel: Authority?) -> RecentHead? {
        let slot = hash & (Self.slots - 1)
        guard self.seen[slot] == hash, let recent = self.heads[slot],
            buffer.withUnsafeReadableBytes({ recent.isSame(as: $0, in: tunnel) })
        else { return nil }
        return recent
    }

    /// Takes one head out of the buffer, from memory if it can be, or returns nil and leaves the buffer until more octets
    /// have come.
    ///
    /// - Parameter tunnel: Where that leads through which they came, if it was opened here.
    func next(
        in buffer: inout ByteBuffer,
        _ parser: inout RequestParser,
        tunnel: Authority? = nil
    ) throws(HTTP1Error) -> (head: RequestHead, recent: RecentHead?)? {
        guard Self.mayBeHead(buffer) else { return try parser.next(in: &buffer).map { ($0, nil) } }
        let hash = Self.hash(buffer, tunnel)
        if let recent = self.find(hash, buffer, tunnel) {
            buffer.moveReaderIndex(forwardBy: buffer.readableBytes)
            return (recent.head, recent)
        }
        let slot = hash & (Self.slots - 1)
        let hasComeBefore = self.seen[slot] == hash
        self.seen[slot] = hash
        let octets = buffer
        guard let head = try parser.next(in: &buffer) else { return nil }
        guard hasComeBefore, buffer.readableBytes == 0, Self.isPlain(head) else { return (head, nil) }
        let recent = RecentHead(head, octets, tunnel)
        self.heads[slot] = recent
        return (head, recent)
    }

    /// Whether one head may be all that has come, as it is when a client waits for its answer.
    private static func mayBeHead(_ buffer: ByteBuffer) -> Bool {
        guard 16...Self.maxLength ~= buffer.readableBytes else { return false }
        return buffer.getInteger(at: buffer.writerIndex - 4, as: UInt32.self) == 0x0D0A_0D0A
    }

    /// Eight octets at a time, the last ones perhaps twice. Whoever finds two heads of one hash has them parsed anew each
    /// time, and nothing else: they are compared to the octet.
    private static func hash(_ octets: ByteBuffer, _ tunnel: Authority?) -> Int {
        var hash = UInt64(truncatingIfNeeded: tunnel?.hashValue ?? 0)
        octets.withUnsafeReadableBytes { bytes in
            func add(_ offset: Int) {
                let word = bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
                let product = (hash ^ word).multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
                hash = product.high ^ product.low &+ word
            }
            for offset in stride(from: 0, through: bytes.count - 8, by: 8) { add(offset) }
            add(bytes.count - 8)
        }
        return Int(truncatingIfNeeded: hash)
    }

    /// Whether nothing but the octets of a head decides what it means.
    private static func isPlain(_ head: RequestHead) -> Bool {
        (head.method == .get || head.method == .head) && head.target.utf8.first == 0x2F
            && !["content-length", "transfer-encoding", "upgrade", "expect"].contains(where: head.fields.contains)
    }
}
