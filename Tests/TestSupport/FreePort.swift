// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// Ports for those who have to be told of one beforehand.
package enum FreePort {
    package struct NoneFound: Error {}

    /// One that was free a moment ago, and that the system gives to nobody who does not name it.
    package static func any() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            if try Self.isFree(port) { return port }
        }
        throw NoneFound()
    }

    private static func isFree(_ port: Int) throws -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        return address.withSockAddr { address, size in bind(descriptor, address, socklen_t(size)) == 0 }
    }
}
