// SPDX-License-Identifier: Apache-2.0

/// What clients of a forward proxy may do with CONNECT.
package struct ForwardConfiguration: Sendable, Equatable {
    /// What becomes of tunnels to hosts that no upstream declares.
    package enum Undeclared: String, CaseIterable, Sendable { case deny, allow }

    /// Default: refused.
    package var undeclared = Undeclared.deny
    /// The ports of such hosts, each 1 to 65535. Default 443.
    package var ports: Set<Int> = [443]
    /// How long a tunnel may carry nothing in either direction. Default 5 min.
    package var idle: Duration = .seconds(300)
    /// How long a tunnel may last. Default 24 h.
    package var total: Duration = .seconds(86400)
    package init() {}
}
