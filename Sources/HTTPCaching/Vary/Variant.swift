// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

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
        var fields: [Field] = []
        for name in response.list("vary") where !keyed.contains(where: { name.equalsIgnoringCase($0) }) {
            let name = name.lowercased()
            guard name != Self.part, !fields.contains(where: { $0.name == name }) else { continue }
            fields.append(Field(name: name, values: Self.values(of: name, in: request)))
        }
        self.fields = fields
    }

    /// The name of a field that no request has, for what a part is a part of.
    private static let part = "content-range"

    /// For one part, so that others are kept beside it. Which of them a request needs its `Range` says.
    func holding(_ part: ContentRange) -> Variant {
        let field = Field(name: Self.part, values: Array(part.description.utf8))
        return Variant(self.selecting.fields + [field], isUnique: self.isUnique)
    }

    /// Without the part.
    var selecting: Variant {
        guard self.fields.last?.name == Self.part else { return self }
        return Variant(Array(self.fields.dropLast()), isUnique: self.isUnique)
    }

    /// What an answer to such a request is for, if it varies by the same fields.
    package func alike(for request: HeaderFields) -> Variant {
        Variant(
            self.fields.map { Field(name: $0.name, values: Self.values(of: $0.name, in: request)) },
            isUnique: self.isUnique
        )
    }

    /// Whether the values are the same, or mean the same (RFC 9111, 4.1).
    func matches(_ request: HeaderFields) -> Bool {
        !self.isUnique
            && self.fields.allSatisfy { field in
                guard field.name != Self.part else { return true }
                let values = Self.values(of: field.name, in: request)
                // Nearly always they are the same octets, or there are none on one side.
                if values == field.values { return true }
                guard !values.isEmpty, !field.values.isEmpty else { return false }
                return NormalizedValue(values, of: field.name) == NormalizedValue(field.values, of: field.name)
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
