// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPCaching
import HTTPMessage
import NIOCore

/// A request head that has come before, byte for byte, with what was found out about it then.
///
/// It asks for no content, names a path, and came to a main listener: all the rest follows from its octets, the tunnel
/// that it came through, and the configuration.
final class RecentHead {
    /// As the request goes on with it.
    var head: RequestHead
    let demands: RequestDemands
    let wantsKeepAlive: Bool
    /// Who answers, if an upstream does, and the path below its mount.
    var place: (upstream: Upstream, path: Substring)?
    /// What holds there.
    var terms: ExchangeTerms?
    /// In the cache of that upstream.
    var key: CacheKey?
    /// What that does with it.
    var use: CachePolicy.Use?
    var answer: RepeatedAnswer?
    private let octets: [UInt8]
    private let tunnel: Authority?

    init(_ head: RequestHead, _ octets: ByteBuffer, _ tunnel: Authority?) {
        self.head = head
        self.tunnel = tunnel
        self.octets = Array(octets.readableBytesView)
        self.demands = RequestDemands(head.fields, method: head.method)
        self.wantsKeepAlive = head.wantsKeepAlive
    }

    func isSame(as octets: UnsafeRawBufferPointer, in tunnel: Authority?) -> Bool {
        guard self.tunnel == tunnel else { return false }
        return self.octets.withUnsafeBytes { own in
            guard own.count == octets.count, let one = own.baseAddress, let other = octets.baseAddress else {
                return false
            }
            return memcmp(one, other, own.count) == 0
        }
    }
}
