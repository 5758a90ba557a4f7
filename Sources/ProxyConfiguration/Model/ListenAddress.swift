// SPDX-License-Identifier: Apache-2.0

/// A place to listen at: a numeric address or host name with a port, or a Unix socket.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Port 0 lets the system choose.
    case tcp(host: String, port: Int)
    /// The path of the socket file, at most ``maxPath`` octets.
    case unix(path: String)

    /// What the system takes for the path of a socket (sockaddr_un), without its end.
    package static let maxPath = 107

    package init(host: String, port: Int) { self = .tcp(host: host, port: port) }

    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }

    /// Whether only processes of this machine can connect.
    var isLoopback: Bool {
        switch self {
        case .tcp(let host, _): host == "localhost" || host == "::1" || IPAddress(host) != nil && host.hasPrefix("127.")
        case .unix: true
        }
    }

    /// Whether binding both would fail.
    func overlaps(_ other: ListenAddress) -> Bool {
        switch (self, other) {
        case (.tcp(let host, let port), .tcp(let otherHost, let otherPort)):
            let isWildcard = [host, otherHost].contains { $0 == "0.0.0.0" || $0 == "::" }
            return port != 0 && port == otherPort && (host == otherHost || isWildcard)
        case (.unix(let path), .unix(let otherPath)): return path == otherPath
        case (.tcp, .unix), (.unix, .tcp): return false
        }
    }
}
