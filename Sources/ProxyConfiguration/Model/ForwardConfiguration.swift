// SPDX-License-Identifier: Apache-2.0

/// What clients of a forward proxy may do with CONNECT.
package struct ForwardConfiguration: Sendable, Equatable {
    /// How long a tunnel may carry nothing in either direction. Default 5 min.
    package var idle: Duration = .seconds(300)
    /// How long a tunnel may last. Default 24 h.
    package var total: Duration = .seconds(86400)
    package init() {}
}
