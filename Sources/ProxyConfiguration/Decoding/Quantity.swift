// SPDX-License-Identifier: Apache-2.0

/// Durations and sizes as the file writes them, always with a unit.
package enum Quantity {
    enum Reading<Value> {
        case value(Value)
        case withoutUnit
        case invalid
    }

    private static let durationUnits: [(name: String, milliseconds: Int)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60000), ("s", 1000), ("ms", 1),
    ]
    private static let binaryUnits = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)]
    private static let decimalUnits = [("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1000), ("kB", 1000)]

    static func duration(_ text: String) -> Reading<Duration> {
        switch self.read(text, self.durationUnits) {
        case .value(let milliseconds): .value(.milliseconds(milliseconds))
        case .withoutUnit: .withoutUnit
        case .invalid: .invalid
        }
    }

    static func size(_ text: String) -> Reading<Int> {
        self.read(text, self.binaryUnits + self.decimalUnits)
    }

    private static func read(_ text: String, _ units: [(String, Int)]) -> Reading<Int> {
        let digits = text.utf8.prefix { 0x30...0x39 ~= $0 }
        guard !digits.isEmpty, let number = Int(String(decoding: digits, as: UTF8.self)) else { return .invalid }
        let rest = String(decoding: text.utf8.dropFirst(digits.count), as: UTF8.self)
        // Zero is the same in every unit.
        if rest.isEmpty { return number == 0 ? .value(0) : .withoutUnit }
        guard let unit = units.first(where: { $0.0 == rest })?.1 else { return .invalid }
        let (value, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow ? .invalid : .value(value)
    }

    /// `250ms`, `60s`, `5m`, `24h`, `7d`: whole milliseconds in the unit that people would choose.
    package static func text(_ duration: Duration) -> String {
        let milliseconds = Int(duration / .milliseconds(1))
        let unit = self.durationUnits.first { unit in
            // `60s` and `24h` say more than `1m` and `1d`.
            let least = unit.name == "m" || unit.name == "d" ? 2 * unit.milliseconds : unit.milliseconds
            return milliseconds >= least && milliseconds % unit.milliseconds == 0
        }
        return unit.map { "\(milliseconds / $0.milliseconds)\($0.name)" } ?? "\(milliseconds)ms"
    }

    /// `10MiB`: octets in the largest binary unit that divides them.
    package static func text(_ bytes: Int) -> String {
        let unit = self.binaryUnits.first { bytes % $0.1 == 0 && bytes >= $0.1 }
        return unit.map { "\(bytes / $0.1)\($0.0)" } ?? "\(bytes)B"
    }
}
