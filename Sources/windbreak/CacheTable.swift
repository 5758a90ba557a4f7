// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Entries of the cache for people: one line each, in columns.
struct CacheTable: CustomStringConvertible {
    private static let titles = ["KEY", "UPSTREAM", "METHOD", "STATUS", "SIZE", "FRESH", "KEPT", "IN", "TARGET"]
    private static let keyDigits = 16

    private let rows: [[String]]

    init(_ entries: [JSON]) { self.rows = entries.map(Self.row) }

    var isEmpty: Bool { self.rows.isEmpty }

    var description: String {
        let rows = [Self.titles] + self.rows
        let widths = Self.titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            // Nothing stands behind the last column.
            let padded = zip(row, widths).dropLast().map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return (padded + row.suffix(1)).joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func row(_ entry: JSON) -> [String] {
        [
            String((entry["key"]?.string ?? "").prefix(Self.keyDigits)), entry["upstream"]?.string ?? "",
            entry["method"]?.string ?? "", Self.number(entry["status"]), Self.size(entry["bytes"]),
            Self.time(entry["fresh_for"], otherwise: "stale"), Self.time(entry["kept_for"], otherwise: "over"),
            Self.places(entry), (entry["target"]?.string ?? "").printable,
        ]
    }

    /// All about one entry.
    static func text(of entry: JSON) -> String {
        var lines: [(String, String)] = [
            ("key", entry["key"]?.string ?? ""), ("upstream", entry["upstream"]?.string ?? ""),
            ("request", "\(entry["method"]?.string ?? "") \((entry["target"]?.string ?? "").printable)"),
            ("in", Self.places(entry)), ("tags", Self.words(entry["tags"])),
        ]
        for answer in entry["answers"]?.array ?? [] {
            lines.append(("", ""))
            lines.append(("answer", "\(Self.number(answer["status"])), \(Self.size(answer["bytes"]))"))
            lines.append(("stored", "\(answer["stored"]?.string ?? ""), age \(Self.number(answer["age"])) s"))
            lines.append(("fresh for", Self.time(answer["fresh_for"], otherwise: "stale")))
            lines.append(("kept for", Self.time(answer["kept_for"], otherwise: "over")))
            lines.append(("varies by", Self.words(answer["varies_by"])))
            for field in answer["fields"]?.object ?? [] {
                lines.append(("", "\(field.name): \((field.value.string ?? "").printable)"))
            }
        }
        return lines.map { name, value in
            let title = name + String(repeating: " ", count: max(0, 11 - name.count))
            return value.isEmpty && name.isEmpty ? "" : title + (value.isEmpty ? "-" : value)
        }.joined(separator: "\n")
    }

    private static func number(_ value: JSON?) -> String { value?.double.map { String(Int($0)) } ?? "-" }

    private static func words(_ value: JSON?) -> String {
        (value?.array ?? []).compactMap(\.string).joined(separator: " ").printable
    }

    private static func places(_ entry: JSON) -> String {
        [("memory", entry["memory"]), ("file", entry["file"])].filter { $0.1?.bool == true }.map(\.0)
            .joined(separator: "+")
    }

    /// In the unit that leaves two to four digits.
    private static func size(_ value: JSON?) -> String {
        guard var size = value?.double else { return "-" }
        for unit in ["B", "KiB", "MiB"] {
            if size < 10_000 { return "\(Int(size)) \(unit)" }
            size /= 1024
        }
        return "\(Int(size)) GiB"
    }

    private static func time(_ value: JSON?, otherwise word: String) -> String {
        guard var time = value?.double else { return "-" }
        guard time > 0 else { return word }
        for (unit, count) in [("s", 60.0), ("m", 60), ("h", 24)] {
            if time < count * 2 { return "\(Int(time))\(unit)" }
            time /= count
        }
        return "\(Int(time))d"
    }
}

extension String {
    /// Without what a terminal would obey.
    fileprivate var printable: String {
        String(String.UnicodeScalarView(self.unicodeScalars.map { $0.properties.isPrintable ? $0 : "?" }))
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isPrintable: Bool {
        switch self.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
