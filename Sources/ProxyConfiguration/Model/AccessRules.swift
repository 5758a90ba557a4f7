// SPDX-License-Identifier: Apache-2.0

/// Who may use a listener: whoever comes from one of its networks, if there are any, with one of its tokens, if there
/// are any.
package struct AccessRules: Sendable, Equatable {
    /// At least ``minToken`` octets each.
    package var tokens: [Secret] = []
    package var networks: [IPNetwork] = []
    /// Whether it was written that everybody may, though the address is not this machine's alone.
    package var isOpen = false

    /// Shorter ones can be found by trying.
    package static let minToken = 16

    package init() {}

    package var isEmpty: Bool { self.tokens.isEmpty && self.networks.isEmpty }
}
