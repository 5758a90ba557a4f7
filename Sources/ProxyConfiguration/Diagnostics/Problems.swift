// SPDX-License-Identifier: Apache-2.0

/// Collects what is wrong while a file is read, so that all of it can be told at once.
final class Problems {
    private struct Problem {
        var severity: Diagnostic.Severity
        var location: Location
        var path: NodePath
        var message: String
        /// Found before there was a tree that knows where secrets stand.
        var isSyntax = false
    }

    /// Nobody mends more than this in one go, and a file of garbage has thousands.
    private static let limit = 100

    private var problems: [Problem] = []
    /// The trees of all files that were read, in this order.
    private(set) var trees: [Node] = []
    /// Values that no tree has, since their key was refused. They may be secrets all the same.
    private var dropped: [Node] = []
    /// Every key that the decoder asked for, such as `upstreams.NAME.breaker.fail_max`, if somebody wants to know.
    var knownKeys: Set<String>?
    /// Drops what is reported: for asking a decoder which keys it knows.
    var isMuted = false

    /// Whether there are more than will be told, so that nobody need think about them.
    var isFull: Bool { self.problems.count > Self.limit }

    func read(_ tree: Node) { self.trees.append(tree) }

    func drop(_ entry: Node.Entry) {
        self.dropped.append(Node(content: .mapping([entry]), location: entry.value.location, path: entry.value.path))
    }

    func error(_ message: String, at node: Node) { self.error(message, at: node.location, path: node.path) }

    func error(_ message: String, at location: Location, path: NodePath = .root) {
        self.add(Problem(severity: .error, location: location, path: path, message: message))
    }

    func syntaxError(_ message: String, at location: Location) {
        self.add(Problem(severity: .error, location: location, path: .root, message: message, isSyntax: true))
    }

    func warning(_ message: String, at location: Location, path: NodePath) {
        self.add(Problem(severity: .warning, location: location, path: path, message: message))
    }

    private func add(_ problem: Problem) {
        if !self.isMuted { self.problems.append(problem) }
    }

    /// Everything of one severity in the order of the files, each once, and how many were left out.
    func diagnostics(_ severity: Diagnostic.Severity) -> (shown: [Diagnostic], omitted: Int) {
        let ordered = self.ordered(severity)
        guard !ordered.isEmpty else { return ([], 0) }
        var snippets = Snippets(trees: self.trees, others: self.dropped)
        let shown = ordered.prefix(Self.limit).map { problem in
            Diagnostic(
                severity: severity,
                file: problem.location.source.name,
                line: problem.location.start.line,
                column: problem.location.start.column,
                path: problem.path.description,
                message: problem.message,
                snippet: snippets.snippet(at: problem.location, isSyntaxError: problem.isSyntax)
            )
        }
        return (shown, ordered.count - shown.count)
    }

    private func ordered(_ severity: Diagnostic.Severity) -> [Problem] {
        struct Identity: Hashable {
            var file: ObjectIdentifier
            var start: Position
            var message: String
        }
        // A value of a layer that several upstreams share is judged for each of them, and told once.
        var seen: Set<Identity> = []
        var files: [ObjectIdentifier: Int] = [:]
        for (index, tree) in self.trees.enumerated() { files[ObjectIdentifier(tree.location.source)] = index }
        let unique = self.problems.filter { problem in
            let file = ObjectIdentifier(problem.location.source)
            return problem.severity == severity
                && seen.insert(Identity(file: file, start: problem.location.start, message: problem.message)).inserted
        }
        func order(_ problem: Problem) -> (Int, Position) {
            (files[ObjectIdentifier(problem.location.source)] ?? .max, problem.location.start)
        }
        return unique.sorted { order($0) < order($1) }
    }
}
