// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOHPACK

extension HPACKHeaders {
    /// A response head. Names in lower case (RFC 9113, 8.2.1), and nothing of what is between neighbours (8.2.2).
    init(_ head: ResponseHead) {
        self.init()
        self.reserveCapacity(head.fields.count + 1)
        self.add(name: ":status", value: String(head.status))
        self.add(head.fields)
    }

    init(trailers: HeaderFields) {
        self.init()
        self.add(trailers)
    }

    mutating func add(_ fields: HeaderFields) {
        fields.forEach({ name, value in
            let name = name.lowercased()
            if !Self.connectionFields.contains(name) { self.add(name: name, value: value) }
        })
    }

    private static let connectionFields: Set<String> = [
        "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade",
    ]
}

extension HeaderFields {
    /// The fields of a trailer section.
    init(trailers section: HPACKHeaders) {
        self.init()
        for (name, value, _) in section where name.utf8.first != 0x3A { self.add(name, value) }
    }
}
