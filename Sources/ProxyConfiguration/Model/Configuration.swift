// SPDX-License-Identifier: Apache-2.0

package import Logging

/// The whole file, checked and immutable. Nothing here changes after it was loaded; a reload makes another.
package struct Configuration: Sendable, Equatable {
    /// Where clients connect. Default 127.0.0.1:8080.
    package var listen = [ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 8080))]
    /// Where the operator connects; nil is `off`. Default 127.0.0.1:9901.
    package var admin: ListenerConfiguration? = ListenerConfiguration(ListenAddress(host: "127.0.0.1", port: 9901))
    /// Event loops, 1 to 256; nil is `auto`: one for each processor. Read once, at the start.
    package var threads: Int?
    /// How long a stop waits for exchanges in flight. Default 30 s.
    package var drainTimeout: Duration = .seconds(30)
    package var log = LogConfiguration()
    package var downstream = DownstreamConfiguration()
    package var forward = ForwardConfiguration()
    package var store = StoreConfiguration()
    /// In the order of the file; names are unique.
    package var upstreams: [UpstreamConfiguration] = []
    package var combined: [CombinedConfiguration] = []
    /// What its author may not have meant. Says nothing about how the proxy behaves.
    package var warnings: [Diagnostic] = []

    package init() {}
}

package struct LogConfiguration: Sendable, Equatable {
    package enum Format: String, CaseIterable, Sendable { case text, json }

    /// Where access lines go.
    package enum Access: Hashable, Sendable {
        case stdout, off
        case file(String)
    }

    package var level: Logger.Level = .info
    package var format: Format = .text
    package var access: Access = .stdout
    /// Which lines of the circuits are written.
    package var circuit = Circuit()

    package struct Circuit: Sendable, Equatable {
        package var stateChanges = true
        package var failures = true
        package var successes = false
        package init() {}
    }

    package init() {}
}

/// Where the stored answers of all upstreams are.
package struct StoreConfiguration: Sendable, Equatable {
    /// Bytes of memory for them. Default 128 MiB.
    package var memory = 128 << 20
    /// The file in which they outlive the process; nil is none. Opened once, at the start.
    package var file: String?
    /// Bytes of that file. Default 1 GiB.
    package var maxSize = 1 << 30
    /// What is an upstream's own of memory and file, in percent; 100 at most in all. Others have the rest, together.
    package var shares: [Share] = []

    package struct Share: Sendable, Equatable {
        package var upstream: String
        package var percent: Int
    }

    package func share(of upstream: String) -> Share? { self.shares.first { $0.upstream == upstream } }

    package init() {}
}

/// What clients may send, and how slowly.
package struct DownstreamConfiguration: Sendable, Equatable {
    /// From the connection to the end of its PROXY header and TLS handshake. Default 10 s.
    package var handshakeTimeout: Duration = .seconds(10)
    /// From the first byte of a request to the end of its head. Default 10 s.
    package var headerTimeout: Duration = .seconds(10)
    /// Between two requests on one connection. Default 75 s.
    package var keepAlive: Duration = .seconds(75)
    /// How long a client may be slower than `minRate` in all, or send or take nothing, within an exchange. Default 15 s.
    package var idle: Duration = .seconds(15)
    /// Octets a second at which a client has to send content and take answers; 0 is any. Default 1 KiB.
    package var minRate = 1 << 10
    /// Connections of clients at once, on all main listeners together, 10 to 1000000. Default 10000.
    package var maxConnections = 10_000
    /// Connections of one address at once, or of one /64 of IPv6; 0 is no bound. Default 0.
    package var maxConnectionsPerAddress = 0
    /// Bytes of a request line. Default 8 KiB; beyond it 414.
    package var maxTarget = 8 << 10
    /// Bytes of all fields of a head together. Default 32 KiB; beyond it 431.
    package var maxHeaderSize = 32 << 10
    /// Fields of a head. Default 100; beyond it 431.
    package var maxHeaderCount = 100
    /// Requests that one connection of HTTP/2 may have open. Default 100; those beyond it are refused.
    package var maxStreams = 100
    package init() {}
}
