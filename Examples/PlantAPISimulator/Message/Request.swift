// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// One request, whole.
struct Request: Sendable {
    let method: HTTPMethod
    /// Decoded, without empty segments.
    let path: [String]
    let query: [(name: String, value: String)]
    let headers: HTTPHeaders
    let body: ByteBuffer
    /// More than the limit came; `body` is empty.
    let isTooLarge: Bool

    init(_ head: HTTPRequestHead, body: ByteBuffer, isTooLarge: Bool) {
        self.method = head.method
        self.headers = head.headers
        self.body = body
        self.isTooLarge = isTooLarge
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.path = (parts.first ?? "").split(separator: "/").map(Self.decoded)
        self.query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { pair in
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(sides[0]), sides.count > 1 ? Self.decoded(sides[1]) : "")
        }
    }

    func query(_ name: String) -> String? { self.query.first { $0.name == name }?.value }

    /// The media type alone, in lower case.
    var mediaType: String {
        let value = self.headers.first(name: "Content-Type") ?? ""
        return value.prefix { $0 != ";" }.filter { $0 != " " }.lowercased()
    }

    private static func decoded(_ text: Substring) -> String {
        guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            return String(text)
        }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2, let value = UInt8(Substring(rest.prefix(2)), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
