// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Counts the connections of clients on all main listeners against their bounds.
///
/// When all places are taken nobody is turned away: new connections wait in the queue of the system. One address that
/// takes more than its share is turned away.
final class ConnectionGate: Sendable {
    struct Limits: Hashable, Sendable {
        var total: Int
        /// 0 is no bound.
        var perAddress: Int
    }

    enum Admission: Hashable {
        case admitted
        /// Admitted, and nobody else should be until there is room.
        case last
        /// The address has as many as it may have.
        case refused
    }

    /// One client as far as addresses tell: an address, or what a site of IPv6 gives to one machine (RFC 6177).
    struct Origin: Hashable, Sendable {
        private let isIPv4: Bool
        private let prefix: UInt64

        init?(_ address: SocketAddress?) {
            guard let address else { return nil }
            var bytes: [UInt8]
            switch address {
            case .v4: bytes = address.octets(at: 4, count: 4)
            case .v6: bytes = address.octets(at: 8, count: 16)
            case .unixDomainSocket: return nil
            }
            // As a listener on all addresses sees those of IPv4 (RFC 4291, 2.5.5.2).
            let isMapped = bytes.count == 16 && bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
            if isMapped { bytes.removeFirst(12) }
            self.isIPv4 = bytes.count == 4
            self.prefix = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }

    private struct State {
        var open = 0
        /// Connections to upstreams.
        var outward = 0
        var isFull = false
        var byOrigin: [Origin: Int] = [:]
    }

    private let state = Mutex(State())
    /// How many the system lets this process have.
    let ceiling: Int
    /// How many there may be with those to upstreams, of which a client of HTTP/2 may need many.
    private let sockets: Int

    /// Files that are for other things than clients and what is asked for them: logs, loops, listeners, and the operator,
    /// who has to get in whatever clients do.
    private static let reserve = 128

    /// - Parameter files: How many files the process may open.
    init(files: Int) {
        // One for the client, and one for the upstream.
        self.ceiling = max(10, (files - Self.reserve) / 2)
        self.sockets = 2 * self.ceiling
    }

    /// Counts a connection to an upstream, unless there are no more files for one than what is kept back.
    func leaveForUpstream() -> Bool {
        self.state.withLock { state in
            guard state.open + state.outward < self.sockets else { return false }
            state.outward += 1
            return true
        }
    }

    /// Every connection that was counted comes back once.
    func returnFromUpstream() { self.state.withLock { $0.outward -= 1 } }

    func enter(_ origin: Origin?, _ limits: Limits) -> Admission {
        self.state.withLock { state in
            if let origin, limits.perAddress > 0 {
                guard state.byOrigin[origin, default: 0] < limits.perAddress else { return .refused }
            }
            if let origin { state.byOrigin[origin, default: 0] += 1 }
            state.open += 1
            guard !state.isFull, state.open >= min(limits.total, self.ceiling) else { return .admitted }
            state.isFull = true
            return .last
        }
    }

    /// Counts a connection that has entered without an origin for the one that it turned out to have.
    ///
    /// - Returns: Whether that has not as many as it may have.
    func identify(_ origin: Origin, _ limits: Limits) -> Bool {
        self.state.withLock { state in
            let count = state.byOrigin[origin, default: 0]
            guard limits.perAddress == 0 || count < limits.perAddress else { return false }
            state.byOrigin[origin] = count + 1
            return true
        }
    }

    /// Returns whether there is room again after there was none.
    func leave(_ origin: Origin?, _ limits: Limits) -> Bool {
        self.state.withLock { state in
            state.open -= 1
            if let origin, let count = state.byOrigin[origin] {
                state.byOrigin[origin] = count > 1 ? count - 1 : nil
            }
            guard state.isFull, state.open < min(limits.total, self.ceiling) else { return false }
            state.isFull = false
            return true
        }
    }
}

extension ConnectionGate {
    /// How many files this process may open.
    static var filesOfProcess: Int {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? Int(clamping: limit.rlim_cur) : 1024
    }
}

extension SocketAddress {
    /// Octets of `sockaddr_in` or `sockaddr_in6`.
    fileprivate func octets(at offset: Int, count: Int) -> [UInt8] {
        self.withSockAddr { address, size in
            Array(UnsafeRawBufferPointer(start: address, count: size).dropFirst(offset).prefix(count))
        }
    }
}
