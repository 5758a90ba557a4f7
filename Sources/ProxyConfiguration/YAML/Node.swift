// SPDX-License-Identifier: Apache-2.0

/// One value of a file, with the place where it stands. Merging layers keeps the place of whichever value won.
struct Node: Sendable {
    enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    struct Entry: Sendable {
        var key: String
        var keyLocation: Location
        var value: Node
    }

    struct Scalar: Sendable {
        /// The value, with variables replaced.
        var text: String
        /// What stands in the file.
        var written: String
        /// Without quotes: only such a scalar can be null.
        var isPlain: Bool
        /// Whether a part of it came from the environment.
        var isFromVariable = false
        /// A problem was reported for it already: whoever reads it says no more.
        var isBroken = false
    }

    var content: Content
    var location: Location
    var path: NodePath

    /// A mapping without entries, for what the file leaves out.
    static func empty(at location: Location, path: NodePath) -> Node {
        Node(content: .mapping([]), location: location, path: path)
    }

    /// Written as nothing, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let scalar) = self.content, scalar.isPlain, !scalar.isFromVariable else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.text)
    }

    var scalar: Scalar? {
        if case .scalar(let scalar) = self.content { scalar } else { nil }
    }

    var entries: [Entry]? {
        if case .mapping(let entries) = self.content { entries } else { nil }
    }

    subscript(key: String) -> Node? {
        self.entries?.first { $0.key == key }?.value
    }

    /// Whether it is this one word, as in `cache: off`.
    func isWord(_ word: String) -> Bool { self.scalar?.text == word }

    /// Two layers made one: mappings merge, anything else of the upper layer replaces what is below.
    func merged(over base: Node?) -> Node {
        guard let base else { return self }
        // A heading with nothing below it, as commenting out leaves it, changes nothing.
        if self.isNull, base.entries != nil { return base }
        guard let lower = base.entries, let upper = self.entries else { return self }
        var positions: [String: Int] = [:]
        var merged = lower
        for (index, entry) in lower.enumerated() { positions[entry.key] = index }
        for entry in upper {
            if let index = positions[entry.key] {
                merged[index] = Entry(
                    key: entry.key,
                    keyLocation: entry.keyLocation,
                    value: entry.value.merged(over: merged[index].value)
                )
            } else {
                merged.append(entry)
            }
        }
        return Node(content: .mapping(merged), location: self.location, path: self.path)
    }

    /// What a message may say of it: never what came out of a variable, nor a URL that may carry a password.
    var shown: String {
        switch self.content {
        case .sequence: return "a list"
        case .mapping: return "a mapping"
        case .scalar where self.isNull: return "nothing"
        case .scalar(let scalar) where scalar.isFromVariable: return "the value of \(scalar.written.quotedForMessage)"
        case .scalar(let scalar) where scalar.text.mayCarryCredentials: return "a URL"
        // A quote that is not closed swallows the lines below it.
        case .scalar(let scalar) where SecretText.isSuspicious(scalar.text): return "a text"
        case .scalar(let scalar): return scalar.text.quotedForMessage
        }
    }
}

/// The way to a value: `upstreams.plant_id.breaker.fail_max`. Linked, so that depth costs nothing.
final class NodePath: Sendable, CustomStringConvertible {
    private let parent: NodePath?
    private let name: String

    static let root = NodePath(parent: nil, name: "")

    private init(parent: NodePath?, name: String) {
        self.parent = parent
        self.name = name
    }

    func appending(_ name: String) -> NodePath { NodePath(parent: self, name: name) }
    func appending(_ index: Int) -> NodePath { NodePath(parent: self, name: "[\(index)]") }

    var description: String {
        guard let parent else { return "" }
        let before = parent.description
        let isSwallowed = self.name.contains { $0.isWhitespace || $0 == ":" } && SecretText.isSuspicious(self.name)
        let name = isSwallowed ? "…" : self.name.shownForMessage(atMost: TreeBuilder.maxKeyLength)
        return before.isEmpty || name.hasPrefix("[") ? before + name : "\(before).\(name)"
    }
}

extension String {
    /// Short enough for one line, with nothing in it that a terminal would obey.
    func shownForMessage(atMost limit: Int) -> String {
        let shown = self.unicodeScalars.prefix(limit).map { $0.isControl ? "\u{FFFD}" : String($0) }.joined()
        return self.unicodeScalars.count > limit ? shown + "…" : shown
    }

    var quotedForMessage: String { "\"\(self.shownForMessage(atMost: 60))\"" }

    /// A URL with a user or a query.
    var mayCarryCredentials: Bool {
        self.contains("://") && self.contains { $0 == "@" || $0 == "?" }
    }
}

extension Unicode.Scalar {
    var isControl: Bool { self.properties.generalCategory == .control || self.properties.generalCategory == .format }
}
