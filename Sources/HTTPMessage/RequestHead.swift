// SPDX-License-Identifier: Apache-2.0

/// The first part of a request: what is wanted, of what, and under which conditions (RFC 9110, 9).
package struct RequestHead: Sendable, Equatable {
    package var method: HTTPMethod
    /// The request target as it was sent: origin form, absolute form, authority form or `*` (RFC 9112, 3.2).
    package var target: String
    package var fields: HeaderFields
    /// What the client spoke.
    package var version: HTTPVersion

    package init(_ method: HTTPMethod, _ target: String, fields: HeaderFields = [:], version: HTTPVersion = .http1_1) {
        self.method = method
        self.target = target
        self.fields = fields
        self.version = version
    }
}

/// A request method, case-sensitive (RFC 9110, 9.1). Any token is one.
package struct HTTPMethod: RawRepresentable, Hashable, Sendable {
    package var rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }

    /// Said here, since the one for every `RawRepresentable` is called by way of a table.
    package static func == (left: HTTPMethod, right: HTTPMethod) -> Bool { left.rawValue == right.rawValue }

    package static let get = HTTPMethod(rawValue: "GET")
    package static let head = HTTPMethod(rawValue: "HEAD")
    package static let post = HTTPMethod(rawValue: "POST")
    package static let put = HTTPMethod(rawValue: "PUT")
    package static let delete = HTTPMethod(rawValue: "DELETE")
    package static let options = HTTPMethod(rawValue: "OPTIONS")
    package static let trace = HTTPMethod(rawValue: "TRACE")
    package static let connect = HTTPMethod(rawValue: "CONNECT")
    package static let query = HTTPMethod(rawValue: "QUERY")

    /// Whether sending it twice means the same as sending it once (RFC 9110, 9.2.2; QUERY by RFC 10008, 2).
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete, .options, .trace, .query: true
        default: false
        }
    }

    /// Whether it changes nothing at the origin; one that nobody knows might (RFC 9110, 9.2.1; WebDAV's by RFC 4918, 3253
    /// and 5323; QUERY by RFC 10008, 2).
    package var isSafe: Bool {
        switch self {
        case .get, .head, .options, .trace, .query: true
        default: ["PROPFIND", "REPORT", "SEARCH"].contains(self.rawValue)
        }
    }
}
