// SPDX-License-Identifier: Apache-2.0

/// Writes metrics as Prometheus reads them: the text format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    enum Kind: String { case counter, gauge, histogram }

    typealias Labels = KeyValuePairs<String, String>

    private(set) var text = ""

    /// Begins a family. All samples of one name stand together, so each family is written once.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.text += "# HELP \(name) \(Self.escaped(help, quotes: false))\n# TYPE \(name) \(kind.rawValue)\n"
    }

    mutating func sample(_ name: String, _ labels: Labels, _ value: some BinaryInteger) {
        self.line(name, labels, String(value))
    }

    mutating func sample(_ name: String, _ labels: Labels, _ value: Double) {
        self.line(name, labels, Self.number(value))
    }

    /// A family of one sample without labels.
    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: some BinaryInteger) {
        self.family(name, kind, help)
        self.sample(name, [:], value)
    }

    mutating func single(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.family(name, kind, help)
        self.sample(name, [:], value)
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: String) {
        self.text += name
        for (position, label) in labels.enumerated() {
            self.text += "\(position == 0 ? "{" : ",")\(label.key)=\"\(Self.escaped(label.value, quotes: true))\""
        }
        self.text += labels.isEmpty ? " \(value)\n" : "} \(value)\n"
    }

    /// The shortest decimal that reads back as the same number; whole numbers without a point.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
        return value.description
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        guard text.utf8.contains(where: { $0 == 0x5C || $0 == 0x0A || $0 == 0x22 }) else { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
