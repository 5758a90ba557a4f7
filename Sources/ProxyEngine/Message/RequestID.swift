// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Synchronization

/// Tells the exchanges of one process, and with luck of all processes, apart: `3f9c01d2-42`.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    private let number: UInt64

    private static let process = UInt32.random(in: .min ... .max)
    /// The process in 8 digits, and a hyphen.
    private static let prefix: String = {
        let digits = String(Self.process, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits + "-"
    }()
    private static let counter = Atomic<UInt64>(0)

    package static func next() -> RequestID {
        RequestID(number: Self.counter.wrappingAdd(1, ordering: .relaxed).newValue)
    }

    package var description: String { Self.prefix + String(self.number) }

    func write(to line: inout LogLine) {
        line.append(Self.prefix)
        line.append(Int(truncatingIfNeeded: self.number))
    }

    /// The word for this process in `Via`, by which it knows its own requests again (RFC 9110, 7.6.3).
    package static let pseudonym = "windbreak-" + String(Self.process, radix: 16)
}

extension HTTPVersion {
    /// The member for `Via` of a message that came in this version.
    var via: String { Self.members[self.rawValue] }

    /// Made once, since every message gets one.
    private static let members = Self.allCases.map { "\($0.number) \(RequestID.pseudonym)" }
}
