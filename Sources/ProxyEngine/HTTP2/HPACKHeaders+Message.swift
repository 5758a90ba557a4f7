// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOHPACK

/// What is not UTF-8 is not to be written so: the codec knows text only.
extension HPACKHeaders {
    /// A response head. Names in lower case (RFC 9113, 8.2.1), and nothing of what is between neighbours (8.2.2).
    init(_ head: ResponseHead) {
        self.init()
        self.reserveCapacity(head.fields.count + 1)
        self.add(name: ":status", value: String(head.status))
        self.add(head.fields)
    }

    /// A request head.
    init(_ head: RequestHead, isTLS: Bool) {
        self.init()
        self.reserveCapacity(head.fields.count + 4)
        self.add(name: ":method", value: head.method.rawValue)
        self.add(name: ":scheme", value: isTLS ? "https" : "http")
        self.add(name: ":path", value: head.target)
        if let host = head.fields["host"] { self.add(name: ":authority", value: host) }
        self.add(head.fields)
        self.remove(name: "host")
    }

    init(trailers: HeaderFields) {
        self.init()
        self.add(trailers.onlyUTF8)
    }

    mutating func add(_ fields: HeaderFields) {
        fields.forEach({ name, value in
            let name = name.lowercased()
            if Self.connectionFields.contains(name) { return }
            // What is secret stays out of the table that all requests of a connection share (RFC 7541, 7.1.3).
            self.add(name: name, value: value, indexing: Self.secret.contains(name) ? .neverIndexed : .indexable)
        })
    }

    private static let secret: Set<String> = ["authorization", "cookie", "set-cookie", "api-key", "x-api-key"]
    private static let connectionFields: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]
}

extension HeaderFields {
    /// The fields of a trailer section.
    init(trailers section: HPACKHeaders) {
        self.init()
        for (name, value, _) in section where name.utf8.first != 0x3A && !value.utf8.hasReplacement {
            // HTTP/1 would not take it for the same, and what comes behind the content may be left out (RFC 9110, 6.5.1).
            if value.utf8.isFieldValue { self.add(name, value) }
        }
    }
}
