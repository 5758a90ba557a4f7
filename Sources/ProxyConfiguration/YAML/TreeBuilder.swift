// SPDX-License-Identifier: Apache-2.0

/// Makes a tree of the events of a file. Everything about it is bounded, so that no file can exhaust the process.
struct TreeBuilder: ~Copyable {
    /// Values in a file, those that aliases repeat included.
    static let maxNodes = 100_000
    static let maxDepth = 64
    static let maxKeyLength = 128

    /// A tree with what it costs to repeat it.
    private struct Tree {
        var node: Node
        var size: Int
        var height: Int
    }

    private var events: YAMLEvents
    private let problems: Problems
    private var anchors: [String: Tree] = [:]
    /// Anchors whose value is not complete yet: an alias to one of them would be endless.
    private var unfinished: Set<String> = []
    private var count = 0

    /// The tree of a file, or nil after it was reported why there is none.
    static func tree(of source: Source, problems: Problems) -> Node? {
        let start = Position(line: 1, column: 1)
        do throws(YAMLSyntaxError) {
            var builder = TreeBuilder(events: try YAMLEvents(source), problems: problems)
            if let node = try builder.document() { return node }
            problems.error("the file is empty", at: Location(source: source, start: start, end: start))
        } catch {
            let location = Location(source: source, start: error.position, end: error.position)
            problems.syntaxError(SyntaxHint.message(for: error, in: source), at: location)
        }
        return nil
    }

    private init(events: consuming YAMLEvents, problems: Problems) {
        self.events = events
        self.problems = problems
    }

    private mutating func document() throws(YAMLSyntaxError) -> Node? {
        var root: Node?
        while true {
            let event = try self.events.next()
            switch event.kind {
            case .streamEnd: return root
            case .streamStart, .documentEnd: break
            case .documentStart where root != nil:
                throw YAMLSyntaxError("a second document (---) begins here; a file is one", at: event.location.start)
            case .documentStart:
                root = try self.tree(from: try self.events.next(), path: .root, depth: 1).node
            default:
                throw YAMLSyntaxError("this stands outside of the document", at: event.location.start)
            }
        }
    }

    private mutating func tree(
        from event: YAMLEvent,
        path: NodePath,
        depth: Int
    ) throws(YAMLSyntaxError) -> Tree {
        try self.admit(1, depth: depth, at: event)
        switch event.kind {
        case .scalar(let text, let isPlain, let properties):
            self.check(properties, at: event, path)
            let scalar = Node.Scalar(text: text, written: text, isPlain: isPlain)
            let node = Node(content: .scalar(scalar), location: event.location, path: path)
            return self.remember(Tree(node: node, size: 1, height: 1), as: properties.anchor)
        case .sequenceStart(let properties):
            self.check(properties, at: event, path)
            if let anchor = properties.anchor { self.unfinished.insert(anchor) }
            return self.remember(try self.sequence(from: event, path: path, depth: depth), as: properties.anchor)
        case .mappingStart(let properties):
            self.check(properties, at: event, path)
            if let anchor = properties.anchor { self.unfinished.insert(anchor) }
            return self.remember(try self.mapping(from: event, path: path, depth: depth), as: properties.anchor)
        case .alias(let name):
            return try self.repeated(name, depth: depth, at: event)
        case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
            throw YAMLSyntaxError("a value is missing", at: event.location.start)
        }
    }

    private mutating func sequence(
        from start: YAMLEvent,
        path: NodePath,
        depth: Int
    ) throws(YAMLSyntaxError) -> Tree {
        var tree = Tree(node: Node(content: .sequence([]), location: start.location, path: path), size: 1, height: 1)
        var elements: [Node] = []
        while true {
            let event = try self.events.next()
            if case .sequenceEnd = event.kind {
                tree.node.location.end = event.location.end
                tree.node.content = .sequence(elements)
                return tree
            }
            let element = try self.tree(from: event, path: path.appending(elements.count), depth: depth + 1)
            elements.append(element.node)
            tree.size += element.size
            tree.height = max(tree.height, element.height + 1)
        }
    }

    private mutating func mapping(
        from start: YAMLEvent,
        path: NodePath,
        depth: Int
    ) throws(YAMLSyntaxError) -> Tree {
        var tree = Tree(node: .empty(at: start.location, path: path), size: 1, height: 1)
        var entries: [Node.Entry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try self.events.next()
            if case .mappingEnd = event.kind {
                tree.node.location.end = event.location.end
                tree.node.content = .mapping(entries)
                return tree
            }
            let key = try self.key(event)
            let child = path.appending(key)
            let value = try self.tree(from: try self.events.next(), path: child, depth: depth + 1)
            tree.size += value.size + 1
            tree.height = max(tree.height, value.height + 1)
            let entry = Node.Entry(key: key, keyLocation: event.location, value: value.node)
            if let line = lines[key] {
                self.problems.drop(entry)
                self.problems.error("is set twice; the first is on line \(line)", at: event.location, path: child)
            } else if key == "<<" {
                self.problems.drop(entry)
                self.problems.error(
                    "merge keys are not read; write the settings out, or put them under defaults or into a profile",
                    at: event.location,
                    path: path
                )
            } else {
                lines[key] = event.location.start.line
                entries.append(entry)
            }
        }
    }

    private mutating func key(_ event: YAMLEvent) throws(YAMLSyntaxError) -> String {
        try self.admit(1, depth: 1, at: event)
        guard case .scalar(let text, _, _) = event.kind else {
            throw YAMLSyntaxError("a key must be plain text", at: event.location.start)
        }
        guard text.utf8.count <= Self.maxKeyLength else {
            throw YAMLSyntaxError("a key must not be longer than \(Self.maxKeyLength) octets", at: event.location.start)
        }
        return text
    }

    // MARK: Anchors and bounds

    private mutating func remember(_ tree: Tree, as anchor: String?) -> Tree {
        if let anchor {
            self.unfinished.remove(anchor)
            self.anchors[anchor] = tree
        }
        return tree
    }

    private mutating func repeated(
        _ name: String,
        depth: Int,
        at event: YAMLEvent
    ) throws(YAMLSyntaxError) -> Tree {
        if self.unfinished.contains(name) {
            throw YAMLSyntaxError("*\(name) would contain itself", at: event.location.start)
        }
        guard let tree = self.anchors[name] else {
            throw YAMLSyntaxError("there is no anchor &\(name) above", at: event.location.start)
        }
        try self.admit(tree.size - 1, depth: depth + tree.height - 1, at: event)
        return tree
    }

    private mutating func admit(_ nodes: Int, depth: Int, at event: YAMLEvent) throws(YAMLSyntaxError) {
        self.count += nodes
        guard self.count <= Self.maxNodes else {
            throw YAMLSyntaxError(
                "the file has more than \(Self.maxNodes) values, aliases included",
                at: event.location.start
            )
        }
        guard depth <= Self.maxDepth else {
            throw YAMLSyntaxError("values are nested deeper than \(Self.maxDepth) levels", at: event.location.start)
        }
    }

    private func check(_ properties: YAMLEvent.Properties, at event: YAMLEvent, _ path: NodePath) {
        if let tag = properties.tag {
            let hint = "a text that begins with ! stands in quotes"
            self.problems.error(
                "tags such as \(tag.quotedForMessage) are not read; \(hint)",
                at: event.location,
                path: path
            )
        }
    }
}
