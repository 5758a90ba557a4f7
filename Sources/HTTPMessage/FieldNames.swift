// SPDX-License-Identifier: Apache-2.0

/// Names of fields that are looked for all at once.
package struct FieldNames: Sendable, ExpressibleByArrayLiteral {
    private let names: [String]
    /// One bit for each, as `HeaderFields` has them.
    fileprivate let bits: UInt64

    package init(_ names: [String]) {
        self.names = names
        self.bits = names.reduce(0) { $0 | HeaderFields.bit(of: $1) }
    }

    package init(arrayLiteral names: String...) { self.init(names) }

    package func union(_ others: FieldNames) -> FieldNames { FieldNames(self.names + others.names) }

    fileprivate func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        self.bits & HeaderFields.bit(length: name.count, first: name.first ?? 0) != 0
            && self.names.contains { $0.utf8.count == name.count && name.equalsIgnoringCase($0) }
    }
}

extension HeaderFields {
    /// Removes every field of one of these names, in one go.
    package mutating func remove(_ unwanted: FieldNames) {
        guard self.names & unwanted.bits != 0 else { return }
        let count = self.entries.count
        self.bytes.withUnsafeBytes { bytes in
            self.entries.removeAll { unwanted.contains(UnsafeRawBufferPointer(rebasing: bytes[$0.name])) }
        }
        if self.entries.count < count { self.hasGaps = true }
    }
}
