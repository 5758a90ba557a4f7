// SPDX-License-Identifier: Apache-2.0

/// The first part of a response: how it went, and what the content is (RFC 9110, 15).
package struct ResponseHead: Sendable, Equatable {
    /// 100 to 599; anything else never leaves the parser.
    package var status: Int
    /// The reason phrase as it was received; empty where there was none, and nobody may depend on it.
    package var reason: String
    package var fields: HeaderFields
    /// What the sender spoke.
    package var version: HTTPVersion

    package init(_ status: Int, reason: String? = nil, fields: HeaderFields = [:], version: HTTPVersion = .http1_1) {
        self.status = status
        self.reason = reason ?? Self.standardReason(status)
        self.fields = fields
        self.version = version
    }

    /// Whether a response of this status to this method has content at all (RFC 9110, 6.4.1).
    package func mayHaveContent(to method: HTTPMethod) -> Bool {
        method != .head && self.status >= 200 && self.status != 204 && self.status != 304
    }

    /// The phrase that RFC 9110 registers for a status that Windbreak itself sends.
    package static func standardReason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 200: "OK"
        case 201: "Created"
        case 204: "No Content"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 508: "Loop Detected"
        default: ""
        }
    }
}
