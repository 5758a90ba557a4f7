// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Ports for those who have to be told of one beforehand.
package enum FreePort {
    package struct NoneFound: Error {}

    /// One that was free a moment ago, and that the system gives to nobody who does not name it.
    package static func any() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<32_000)
            if Self.isFree(UInt16(port)) { return port }
        }
        throw NoneFound()
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        return withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
