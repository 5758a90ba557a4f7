// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How far the octets have come that were written to a peer, down to what its system has confirmed: a peer that reads
/// slowly shows only there once the rest of an answer is in the buffers of our own system.
struct OutputProgress: Hashable {
    /// Octets that the socket has taken.
    var sent = 0
    /// Octets that the peer's system has confirmed; nil where ours does not tell.
    var confirmed: Int?
    /// Whether anything is on its way.
    var isPending = false

    /// How many octets the peer has taken since: what our own system takes, because it has found more room, says nothing
    /// of the peer, and counts only where nothing else is known.
    func octets(since other: OutputProgress) -> Int {
        guard let confirmed = self.confirmed, let before = other.confirmed else { return self.sent - other.sent }
        return confirmed - before
    }
}

extension ByteStream {
    /// To be asked every now and then: it takes a system call.
    var outputProgress: OutputProgress {
        var progress = OutputProgress()
        guard let channel = self.channel else { return progress }
        let buffered = (try? self.options?.getOption(.bufferedWritableBytes)) ?? 0
        progress.sent = self.written - buffered
        progress.isPending = buffered > 0
        #if os(Linux)
        guard let provider = channel as? any SocketOptionProvider else { return progress }
        let info: EventLoopFuture<TCPInfo> = provider.unsafeGetSocketOption(
            level: SocketOptionLevel(IPPROTO_TCP),
            name: SocketOptionName(TCP_INFO)
        )
        // On the loop of the channel this takes effect before it returns. Of other sockets there is nothing to know.
        info.assumeIsolated().whenSuccess { info in
            progress.confirmed = info.confirmed
            progress.isPending = progress.isPending || info.isPending
        }
        #endif
        return progress
    }
}

/// `struct tcp_info` of Linux, as far as it is needed; what is there keeps its place from version to version.
private struct TCPInfo: Sendable {
    private typealias Words = (
        UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64,
        UInt64, UInt64, UInt64, UInt64, UInt64
    )
    private let words: Words

    /// `tcpi_bytes_acked`.
    var confirmed: Int { Int(clamping: self.load(at: 120, as: UInt64.self)) }

    /// `tcpi_unacked` and `tcpi_notsent_bytes`.
    var isPending: Bool { self.load(at: 24, as: UInt32.self) > 0 || self.load(at: 144, as: UInt32.self) > 0 }

    private func load<Number: BitwiseCopyable>(at offset: Int, as type: Number.Type) -> Number {
        withUnsafeBytes(of: self.words) { $0.loadUnaligned(fromByteOffset: offset, as: type) }
    }
}
