// SPDX-License-Identifier: Apache-2.0

/// Reads a file of configuration: all of it, or every problem that it has.
package struct ConfigurationLoader: Sendable {
    /// The largest file that is read, in bytes.
    package static let maxFileSize = 10 << 20

    private let environment: [String: String]
    private let profiles: [String: String]
    private let authorityFlaws: @Sendable (Configuration) -> [AuthorityFlaw]

    /// - Parameters:
    ///   - environment: What `${NAME}` stands for.
    ///   - profiles: The text of each built-in profile, by its name.
    ///   - authorityFlaws: Tells what is wrong with the files of the authority, where tunnels are opened.
    package init(
        environment: [String: String],
        profiles: [String: String],
        authorityFlaws: @escaping @Sendable (Configuration) -> [AuthorityFlaw] = { _ in [] }
    ) {
        self.environment = environment
        self.profiles = profiles
        self.authorityFlaws = authorityFlaws
    }

    /// Reads a file and whatever it names: profiles and secrets, relative to its own directory.
    package func load(path: String) throws(ConfigurationError) -> Configuration {
        let bytes: [UInt8]
        do throws(BoundedFile.Failure) {
            bytes = try BoundedFile.read(path, atMost: Self.maxFileSize)
        } catch {
            let reason: String
            switch error {
            case .unreadable(let why): reason = "cannot be read: \(why)"
            case .tooLarge: reason = "is larger than \(Quantity.text(Self.maxFileSize)), which no configuration is"
            }
            throw ConfigurationError(file: path, reason)
        }
        return try self.load(bytes: bytes, name: path)
    }

    /// - Parameter name: How messages call it, and where relative paths in it begin.
    package func load(text: String, name: String = "config.yaml") throws(ConfigurationError) -> Configuration {
        try self.load(bytes: Array(text.utf8), name: name)
    }

    /// - Parameter name: How messages call it, and where relative paths in it begin.
    package func load(bytes: [UInt8], name: String) throws(ConfigurationError) -> Configuration {
        try self.load(bytes: bytes, name: name, problems: Problems())
    }

    /// Every key that a file may have, such as `upstreams.NAME.breaker.fail_max`, as far as this one leads the decoder.
    func knownKeys(readingText text: String) throws(ConfigurationError) -> Set<String> {
        let problems = Problems()
        problems.knownKeys = []
        _ = try self.load(bytes: Array(text.utf8), name: "config.yaml", problems: problems)
        return problems.knownKeys ?? []
    }

    private func load(
        bytes: [UInt8],
        name: String,
        problems: Problems
    ) throws(ConfigurationError) -> Configuration {
        let files = FileReader(substitution: Substitution(environment: self.environment, problems: problems))
        let source = try files.source(bytes: bytes, name: name)
        var configuration: Configuration?
        if let tree = files.tree(of: source) {
            let profiles = Profiles(builtIn: self.profiles, files: files)
            let decoded = ConfigurationDecoder(profiles: profiles, problems: problems).decode(tree)
            decoded.forward.report(self.authorityFlaws(decoded), at: tree["forward"], problems)
            configuration = decoded
        }
        let errors = problems.diagnostics(.error)
        guard errors.shown.isEmpty, var configuration else {
            throw ConfigurationError(diagnostics: errors.shown, omitted: errors.omitted)
        }
        configuration.warnings = problems.diagnostics(.warning).shown
        return configuration
    }
}

extension ConfigurationError {
    /// About a file as a whole.
    init(file: String, _ message: String) {
        self.init(
            diagnostics: [
                Diagnostic(severity: .error, file: file, line: 0, column: 0, path: "", message: message, snippet: "")
            ]
        )
    }
}

/// Turns the bytes of a file into a tree whose variables are replaced.
struct FileReader {
    let substitution: Substitution

    func source(bytes: [UInt8], name: String) throws(ConfigurationError) -> Source {
        guard bytes.count <= ConfigurationLoader.maxFileSize else {
            let limit = Quantity.text(ConfigurationLoader.maxFileSize)
            throw ConfigurationError(file: name, "is larger than \(limit), which no configuration is")
        }
        if let invalid = bytes.firstInvalidUTF8 {
            let line = bytes[..<invalid].count { $0 == 0x0A } + 1
            throw ConfigurationError(file: name, "is not UTF-8 text: line \(line), octet \(invalid + 1) of the file")
        }
        let directory = name.lastIndex(of: "/").map { String(name[...$0]) } ?? ""
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return Source(
            name: name,
            bytes: bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes,
            directory: directory
        )
    }

    func tree(of source: Source) -> Node? {
        guard let tree = TreeBuilder.tree(of: source, problems: self.substitution.problems) else { return nil }
        self.substitution.problems.read(tree)
        guard !tree.isNull else {
            self.substitution.problems.error("the file is empty", at: tree)
            return nil
        }
        return self.substitution.resolve(tree)
    }
}

extension [UInt8] {
    /// The position of the first octet that is no part of valid UTF-8.
    fileprivate var firstInvalidUTF8: Int? {
        if String(validating: self, as: UTF8.self) != nil { return nil }
        var decoder = UTF8()
        var iterator = self.makeIterator()
        var position = 0
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { position += UTF8.width(scalar) }
        return position
    }
}
