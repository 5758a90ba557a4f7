// SPDX-License-Identifier: Apache-2.0

/// A version of HTTP that is spoken here (RFC 9110, 2.5). Whatever comes after HTTP/1.1 within HTTP/1 counts as it.
package enum HTTPVersion: Int, CaseIterable, Comparable, Sendable {
    case http1_0, http1_1, http2

    package static func < (left: HTTPVersion, right: HTTPVersion) -> Bool { left.rawValue < right.rawValue }

    /// As `Via` has it (RFC 9110, 7.6.3).
    package var number: String {
        switch self {
        case .http1_0: "1.0"
        case .http1_1: "1.1"
        case .http2: "2.0"
        }
    }
}
