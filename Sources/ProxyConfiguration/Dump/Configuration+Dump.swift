// SPDX-License-Identifier: Apache-2.0

extension Configuration {
    /// Every setting as it applies, in the language of the file, with `***` for secrets. Read again it gives the same
    /// configuration, but for the secrets.
    package func effectiveYAML() -> String { self.settings.document() }

    /// What is different, one line each: `upstreams.plant_id.breaker.fail_max: 3 -> 5`. Secrets show as `***`.
    package func changes(from old: Configuration) -> [String] {
        Self.differences(old.settings, self.settings, path: "")
    }

    private static func differences(_ old: Setting?, _ new: Setting?, path: String) -> [String] {
        if old == new { return [] }
        if case .mapping(let before)? = old, case .mapping(let after)? = new {
            let added = after.filter { member in !before.contains { $0.name == member.name } }
            return (before + added).flatMap { member in
                Self.differences(
                    old?[member.name],
                    new?[member.name],
                    path: path.isEmpty ? member.name : "\(path).\(member.name)"
                )
            }
        }
        // Places on a list say which is which only while there are as many.
        if case .list(let before)? = old, case .list(let after)? = new, before.count == after.count,
            zip(before, after).allSatisfy({ $0 == $1 || ($0.isMapping && $1.isMapping) })
        {
            return zip(before, after).enumerated().flatMap { index, pair in
                Self.differences(pair.0, pair.1, path: "\(path)[\(index)]")
            }
        }
        // An upstream that came or went is one change, however many settings it has.
        if path.isEntry, old == nil || new == nil { return ["\(path): \(old == nil ? "added" : "removed")"] }
        let words = [old, new].map { $0?.inline ?? "not set" }
        let isShort = words.allSatisfy { $0.utf8.count <= 320 }
        // A file of the same name with something else in it.
        let isShown = words[0] != words[1] || words[0].contains("***")
        return [isShort && isShown ? "\(path): \(words[0]) -> \(words[1])" : "\(path): changed"]
    }
}

extension String {
    /// `upstreams.NAME` or `combined.NAME`.
    fileprivate var isEntry: Bool {
        let parts = self.split(separator: ".")
        return parts.count == 2 && (parts[0] == "upstreams" || parts[0] == "combined")
    }
}
