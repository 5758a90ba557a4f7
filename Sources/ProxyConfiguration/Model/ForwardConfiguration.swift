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

/// Why tunnels cannot be opened with the authority's files.
package struct AuthorityFlaw: Error, Hashable, CustomStringConvertible {
    /// What of the configuration is to be mended, or the file that it names.
    package enum Part: Hashable, Sendable {
        case certificate, key
        /// - Parameter name: One that is intercepted.
        case upstream(_ name: String)
    }

    package var part: Part
    /// The path of the file.
    package var file: String
    /// What it is, or is not: a sentence without its beginning, which is the file.
    package var complaint: String

    package init(_ part: Part, _ file: String, _ complaint: String) {
        self.part = part
        self.file = file
        self.complaint = complaint
    }

    package var description: String { "\(self.file) \(self.complaint)" }
}

/// Where the local authority is that signs for intercepted hosts, in PEM.
package struct AuthorityFiles: Sendable, Equatable {
    package var certificateFile = "windbreak-ca.pem"
    /// Readable by nobody but its owner.
    package var keyFile = "windbreak-ca.key.pem"
    package init() {}
}
