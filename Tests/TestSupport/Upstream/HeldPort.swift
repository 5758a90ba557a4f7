// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// A port on which nobody listens, and that the system gives to nobody else meanwhile: the next listener of another test
/// would answer in place of a refusal.
final class HeldPort: Sendable {
    private let descriptor: Int32

    init(_ port: Int) throws {
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var isReused: Int32 = 1
        setsockopt(self.descriptor, SOL_SOCKET, SO_REUSEADDR, &isReused, socklen_t(MemoryLayout<Int32>.size))
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        _ = address.withSockAddr { address, size in bind(self.descriptor, address, socklen_t(size)) }
    }

    deinit { close(self.descriptor) }
}
