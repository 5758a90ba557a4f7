// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// For which values of which request fields an answer is the right one, beyond those in the key (RFC 9111, 4.1).
struct Variant: Sendable {
    private struct Field: Sendable {
        var name: String
        var values: [UInt8]
    }

    private var fields: [Field] = []
    /// `Vary: *`: the answer was chosen by something that no request shows.
    private let isUnique: Bool

    init(_ response: HeaderFields, to request: HeaderFields, keyedBy keyed: [String]) {
        self.isUnique = response.list("vary", contains: "*")
        for name in response.list("vary") where !keyed.contains(where: { name.equalsIgnoringCase($0) }) {
            let name = String(name)
            self.fields.append(Field(name: name, values: Self.values(of: name, in: request)))
        }
    }

    func matches(_ request: HeaderFields) -> Bool {
        !self.isUnique && self.fields.allSatisfy { Self.values(of: $0.name, in: request) == $0.values }
    }

    /// An estimate of the memory, in octets.
    var footprint: Int { self.fields.reduce(0) { $0 + $1.name.utf8.count + $1.values.count + 96 } }

    private static func values(of name: String, in request: HeaderFields) -> [UInt8] {
        var values: [UInt8] = []
        request.forEachValue(of: name) { value in
            values.append(contentsOf: value)
            // No value of a field has a line break in it.
            values.append(0x0A)
        }
        return values
    }
}
