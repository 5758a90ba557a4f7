// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Where a message's content ends (RFC 9112, 6.3).
enum BodyFraming: Hashable, Sendable {
    case none
    case length(Int)
    case chunked
    /// Responses only: the content ends where the connection does.
    case untilClose

    /// Octets of the content, where they are known before it has come.
    var length: Int? {
        switch self {
        case .none: 0
        case .length(let length): length
        case .chunked, .untilClose: nil
        }
    }

    static func ofRequest(_ head: RequestHead) throws(HTTP1Error) -> BodyFraming {
        let length = try Self.contentLength(head.fields, tolerateRepetition: false)
        guard head.fields.contains("transfer-encoding") else {
            return length.map { $0 == 0 ? .none : .length($0) } ?? .none
        }
        // RFC 9112, 6.1: a request with both is an attempt to be read in two ways.
        guard length == nil else { throw .malformed("both Content-Length and Transfer-Encoding are given") }
        guard head.version >= .http1_1 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
        try Self.requireChunked(head.fields)
        return .chunked
    }

    static func ofResponse(_ head: ResponseHead, to method: HTTPMethod) throws(HTTP1Error) -> BodyFraming {
        // Looked at even where there is no content: an answer to HEAD passes its length on.
        let length = try Self.contentLength(head.fields, tolerateRepetition: true)
        guard head.mayHaveContent(to: method) else { return .none }
        guard head.fields.contains("transfer-encoding") else {
            return length.map { $0 == 0 ? .none : .length($0) } ?? .untilClose
        }
        guard length == nil else { throw .malformed("both Content-Length and Transfer-Encoding are given") }
        // RFC 9112, 6.1: in HTTP/1.0 its framing is faulty.
        guard head.version >= .http1_1 else { throw .malformed("HTTP/1.0 has no Transfer-Encoding") }
        try Self.requireChunked(head.fields)
        return .chunked
    }

    /// Whether a head announces content that its status cannot have (RFC 9110, 8.6; RFC 9112, 6.1): whether that comes,
    /// nobody knows.
    static func isContradicted(by head: ResponseHead) -> Bool {
        head.status == 204
            && (head.fields.contains("transfer-encoding")
                || head.fields["content-length"].map { Int($0) != 0 } ?? false)
    }

    /// RFC 9112, 6.1 and 6.3: without a final chunked nobody knows where the content ends; other codings before it do no
    /// harm, but are not known here.
    private static func requireChunked(_ fields: HeaderFields) throws(HTTP1Error) {
        let lines = fields.values(of: "transfer-encoding")
        if lines.count == 1, lines[0].equalsIgnoringCase("chunked") { return }
        let codings = fields.list("transfer-encoding")
        let isFinal = codings.last?.equalsIgnoringCase("chunked") == true
        guard isFinal, codings.count > 1, !codings.dropLast().contains(where: { $0.equalsIgnoringCase("chunked") })
        else { throw .malformed("Transfer-Encoding is not one final chunked") }
        throw .notImplemented("no transfer coding but chunked is known here")
    }

    /// - Parameter tolerateRepetition: Whether two equal lines count as one (RFC 9112, 6.3, allows it).
    static func contentLength(
        _ fields: HeaderFields,
        tolerateRepetition: Bool
    ) throws(HTTP1Error) -> Int? {
        var length: Int?
        for value in fields.values(of: "content-length") {
            guard value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(value), number < 1 << 60 else {
                throw .malformed("Content-Length is not a number")
            }
            guard length == nil || tolerateRepetition && length == number else {
                throw .malformed("Content-Length is given twice")
            }
            length = number
        }
        return length
    }
}
