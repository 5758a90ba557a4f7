// SPDX-License-Identifier: Apache-2.0

/// Reads one mapping, remembering what was asked for: whatever was not is a misspelling.
///
/// Every function returns something usable, and reports what is wrong, so that one pass finds every problem.
struct MappingReader: ~Copyable {
    /// The mapping itself, for problems that concern it as a whole.
    let node: Node
    let problems: Problems
    /// Where the mapping stands in any file: `upstreams.NAME.breaker`.
    private let schema: String
    private var entries: [String: Node] = [:]
    private var known: [String] = []

    init(_ node: Node, schema: String = "", problems: Problems) {
        self.node = node
        self.schema = schema
        self.problems = problems
        for entry in node.entries ?? [] { self.entries[entry.key] = entry.value }
        if node.entries == nil, !node.isNull, node.scalar?.isBroken != true {
            problems.error("expected a mapping of keys and values, found \(node.shown)", at: node)
        }
    }

    /// Reads a mapping and reports the keys that nobody asked for.
    static func read<Result>(
        _ node: Node,
        schema: String,
        problems: Problems,
        _ body: (inout MappingReader) -> Result
    ) -> Result {
        var reader = MappingReader(node, schema: schema, problems: problems)
        let result = body(&reader)
        reader.finish()
        return result
    }

    /// The value of a key, or nil if the file leaves it out.
    mutating func value(_ key: String) -> Node? {
        self.know(key)
        return self.entries[key]
    }

    /// A part that is always there, with or without settings.
    mutating func section<Result>(_ key: String, _ body: (inout MappingReader) -> Result) -> Result {
        let node = self.value(key) ?? .empty(at: self.node.location, path: self.node.path.appending(key))
        return Self.read(node, schema: self.schema(of: key), problems: self.problems, body)
    }

    /// A part that the file may leave out: then nil.
    mutating func optionalSection<Result>(_ key: String, _ body: (inout MappingReader) -> Result) -> Result? {
        guard let node = self.value(key), !node.isNull else {
            self.learnKeys(of: self.schema(of: key), body)
            return nil
        }
        return Self.read(node, schema: self.schema(of: key), problems: self.problems, body)
    }

    /// A list of parts; nil if the file leaves it out.
    mutating func sections<Result>(_ key: String, _ body: (inout MappingReader) -> Result) -> [Result]? {
        self.learnKeys(of: self.schema(of: key), body)
        return self.list(key)?.map { Self.read($0, schema: self.schema(of: key), problems: self.problems, body) }
    }

    /// Asks a part for the keys it would read.
    func learnKeys<Result>(of schema: String, _ body: (inout MappingReader) -> Result) {
        guard self.problems.knownKeys != nil, !self.problems.isMuted else { return }
        self.problems.isMuted = true
        let nothing = Node.empty(at: self.node.location, path: self.node.path)
        _ = Self.read(nothing, schema: schema, problems: self.problems, body)
        self.problems.isMuted = false
    }

    /// The names and values of a mapping whose keys are the user's own words, in the order of the file.
    mutating func named(_ key: String) -> [Node.Entry] {
        guard let node = self.value(key), !node.isNull else { return [] }
        guard let entries = node.entries else {
            self.expected("a mapping of names and values", node)
            return []
        }
        return entries
    }

    mutating func list(_ key: String) -> [Node]? {
        guard let node = self.value(key), node.scalar?.isBroken != true else { return nil }
        guard case .sequence(let elements) = node.content else {
            self.expected("a list, such as [a, b]", node)
            return nil
        }
        return elements
    }

    func schema(of key: String) -> String { self.schema.isEmpty ? key : "\(self.schema).\(key)" }

    func expected(_ what: String, _ node: Node) { node.expected(what, self.problems) }

    private mutating func know(_ key: String) {
        self.known.append(key)
        self.problems.knownKeys?.insert(self.schema(of: key))
    }

    private consuming func finish() {
        let known = self.known
        let problems = self.problems
        for entry in self.node.entries ?? [] where !known.contains(entry.key) {
            problems.error(
                "unknown key\(problems.isFull ? "" : EditDistance.hint(for: entry.key, among: known))",
                at: entry.keyLocation,
                path: entry.value.path
            )
        }
    }
}

extension Node {
    /// Reports that something else stands where `what` is wanted.
    func expected(_ what: String, _ problems: Problems) {
        if self.scalar?.isBroken != true { problems.error("expected \(what), found \(self.shown)", at: self) }
    }
}
