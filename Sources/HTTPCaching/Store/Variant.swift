// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// For which values of which request fields an answer is the right one, beyond those in the key (RFC 9111, 4.1).
package struct Variant: Hashable, Sendable {
    /// One field that `Vary` names, with what the request had there.
    package struct Field: Hashable, Sendable {
        package let name: String
        /// The octets of all its values, each with a line break behind it.
        package let values: [UInt8]

        package init(name: String, values: [UInt8]) {
            self.name = name
            self.values = values
        }
    }

    package let fields: [Field]
    /// `Vary: *`: the answer was chosen by something that no request shows.
    package let isUnique: Bool

    package init(_ fields: [Field], isUnique: Bool) {
        self.fields = fields
        self.isUnique = isUnique
    }

    /// - Parameter keyed: Request fields that are in the key already.
    init(_ response: HeaderFields, to request: HeaderFields, keyedBy keyed: [String]) {
        self.isUnique = response.list("vary", contains: "*")
        self.fields = response.list("vary").compactMap { name in
            guard !keyed.contains(where: { name.equalsIgnoringCase($0) }) else { return nil }
            let name = String(name)
            return Field(name: name, values: Self.values(of: name, in: request))
        }
    }

    func matches(_ request: HeaderFields) -> Bool {
        !self.isUnique && self.fields.allSatisfy { Self.values(of: $0.name, in: request) == $0.values }
    }

    /// The memory beside its own, in octets.
    var footprint: Int {
        guard !self.fields.isEmpty else { return 0 }
        return self.fields.reduce(HeapBlock.size(32 + self.fields.capacity * MemoryLayout<Field>.stride)) {
            let name = $1.name.utf8.count
            return $0 + (name > 15 ? HeapBlock.size(32 + name) : 0) + HeapBlock.size(32 + $1.values.capacity)
        }
    }

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
