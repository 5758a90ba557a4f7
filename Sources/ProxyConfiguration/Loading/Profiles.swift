// SPDX-License-Identifier: Apache-2.0

/// Finds what `profile:` names: a built-in one, or a file of the user's own. Each is read once.
final class Profiles {
    private let builtIn: [String: String]
    private let files: FileReader
    private var read: [String: Node?] = [:]

    init(builtIn: [String: String], files: FileReader) {
        self.builtIn = builtIn
        self.files = files
    }

    private var problems: Problems { self.files.substitution.problems }

    /// Nil if there is no such profile, which is reported then.
    func profile(namedBy node: Node) -> Node? {
        guard let name = node.text(self.problems, "the name of a profile or the path of one") else { return nil }
        let isPath = name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
        let key = isPath ? node.location.source.resolve(name) : name
        if let known = self.read[key] { return known }
        let profile = isPath ? self.ownProfile(at: key, node) : self.builtInProfile(name, node)
        self.read[key] = .some(profile)
        return profile
    }

    private func builtInProfile(_ name: String, _ node: Node) -> Node? {
        guard let text = self.builtIn[name] else {
            let names = self.builtIn.keys.sorted()
            let hint = node.scalar?.isFromVariable == true ? "" : EditDistance.hint(for: name, among: names)
            self.problems.error(
                "there is no profile \(node.shown)\(hint); known are \(names.joined(separator: ", ")), "
                    + "and the path of a file of your own, such as ./my-api.yaml",
                at: node
            )
            return nil
        }
        return self.tree(bytes: Array(text.utf8), name: "profile \(name)", node)
    }

    private func ownProfile(at path: String, _ node: Node) -> Node? {
        do throws(BoundedFile.Failure) {
            let bytes = try BoundedFile.read(path, atMost: ConfigurationLoader.maxFileSize)
            return self.tree(bytes: bytes, name: path, node)
        } catch {
            switch error {
            case .unreadable(let reason): self.problems.error("cannot read \(node.shown): \(reason)", at: node)
            case .tooLarge: self.problems.error("\(node.shown) is too large for a profile", at: node)
            }
            return nil
        }
    }

    private func tree(bytes: [UInt8], name: String, _ node: Node) -> Node? {
        do throws(ConfigurationError) {
            guard let tree = self.files.tree(of: try self.files.source(bytes: bytes, name: name)) else { return nil }
            let decoder = UpstreamDecoder(layer: .profile, problems: self.problems)
            // What a file overrides is still wrong in the profile.
            _ = MappingReader.read(tree, schema: "profile", problems: self.problems) { decoder.decode(&$0) }
            return tree.entries == nil ? nil : tree
        } catch {
            for diagnostic in error.diagnostics { self.problems.error("\(node.shown) \(diagnostic.message)", at: node) }
            return nil
        }
    }
}
