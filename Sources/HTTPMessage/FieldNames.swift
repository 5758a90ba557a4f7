// SPDX-License-Identifier: Apache-2.0

/// Names of fields that are looked for all at once.
///
/// A set, since a peer may nominate thousands of them in one head: each field costs one look, however many there are.
package struct FieldNames: Sendable, ExpressibleByArrayLiteral {
    /// In lower case.
    private let names: Set<String>
    /// One bit for each, as `HeaderFields` has them.
    fileprivate let bits: UInt64

    package init(_ names: [String]) {
        self.names = Set(names.map { Self.lowercased($0.utf8) })
        self.bits = self.names.reduce(0) { $0 | HeaderFields.bit(of: $1) }
    }

    private static func lowercased(_ name: some Sequence<UInt8>) -> String {
        String(decoding: name.map(\.lowercasedASCII), as: UTF8.self)
    }

    package init(arrayLiteral names: String...) { self.init(names) }

    package func union(_ others: FieldNames) -> FieldNames { FieldNames(Array(self.names.union(others.names))) }

    fileprivate func contains(_ name: UnsafeRawBufferPointer) -> Bool {
        self.bits & HeaderFields.bit(length: name.count, first: name.first ?? 0) != 0
            && self.names.contains(Self.lowercased(name))
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
