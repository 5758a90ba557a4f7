// SPDX-License-Identifier: Apache-2.0

/// What clients of a forward proxy may do with CONNECT.
package struct ForwardConfiguration: Sendable, Equatable {
    /// What becomes of tunnels to hosts that no upstream declares.
    package enum Undeclared: String, CaseIterable, Sendable { case deny, allow }

    /// Default: refused.
    package var undeclared = Undeclared.deny
    /// The ports of such hosts, each 1 to 65535. Default 443.
    package var ports: Set<Int> = [443]
    /// Upstreams, by name, whose tunnels are opened here so that cache and circuit work within. Default: none.
    package var intercept: [String] = []
    package var authority = AuthorityFiles()
    /// How long a tunnel may carry nothing in either direction. Default 5 min.
    package var idle: Duration = .seconds(300)
    /// How long a tunnel may last. Default 24 h.
    package var total: Duration = .seconds(86400)
    package init() {}
}

/// Where the local authority is that signs for intercepted hosts, in PEM.
package struct AuthorityFiles: Sendable, Equatable {
    package var certificateFile = "windbreak-ca.pem"
    /// Readable by nobody but its owner.
    package var keyFile = "windbreak-ca.key.pem"
    package init() {}
}
