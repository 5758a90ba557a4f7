// SPDX-License-Identifier: Apache-2.0

/// What is wrong with the bytes of a peer. The description names the rule, never the bytes themselves.
enum HTTP1Error: Error, Hashable {
    /// Not HTTP/1, or HTTP/1 that two readers could understand differently.
    case malformed(String)
    case targetTooLong
    case headTooLarge
    case unsupportedVersion
    /// Valid, and nothing that is known here. The text says what.
    case notImplemented(String)
    case bodyTooLarge

    var detail: String {
        switch self {
        case .malformed(let rule): rule
        case .notImplemented(let what): what
        case .targetTooLong: "the request line is longer than allowed"
        case .headTooLarge: "the header section is larger than allowed"
        case .unsupportedVersion: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .bodyTooLarge: "the content is larger than allowed"
        }
    }
}

/// How much of a head is read before it is refused.
struct HeadLimits: Hashable, Sendable {
    /// Bytes of the first line.
    var line: Int
    /// Bytes of all fields together.
    var fields: Int
    /// Number of fields.
    var count: Int

    /// For answers of upstreams, which are trusted a little more than clients.
    static let response = HeadLimits(line: 16 << 10, fields: 128 << 10, count: 256)
}
