// SPDX-License-Identifier: Apache-2.0

extension ForwardConfiguration {
    static func decode(_ reader: inout MappingReader) -> ForwardConfiguration {
        var forward = ForwardConfiguration()
        forward.undeclared = reader.choice("undeclared", default: forward.undeclared)
        forward.ports = reader.elements("ports") { $0.int(in: 1...65535, $1) }.map { Set($0) } ?? forward.ports
        forward.intercept = reader.texts("intercept") ?? []
        forward.authority = reader.section("ca") { AuthorityFiles.decode(&$0) }
        let wait = Duration.milliseconds(100)...Duration.seconds(7 * 86400)
        forward.idle = reader.duration("idle", in: wait, default: forward.idle)
        forward.total = reader.duration("total", in: wait, default: forward.total)
        return forward
    }
}

extension AuthorityFiles {
    static func decode(_ reader: inout MappingReader) -> AuthorityFiles {
        var files = AuthorityFiles()
        let source = reader.node.location.source
        files.certificateFile = source.resolve(reader.text("certificate") ?? files.certificateFile)
        files.keyFile = source.resolve(reader.text("key") ?? files.keyFile)
        return files
    }
}

extension ForwardConfiguration {
    /// - Parameter node: What the file has as `forward`.
    func report(_ flaws: [AuthorityFlaw], at node: Node?, _ problems: Problems) {
        for flaw in flaws {
            let (named, isFile): (Node?, Bool) =
                switch flaw.part {
                case .certificate: (node?["ca"]?["certificate"], true)
                case .key: (node?["ca"]?["key"], true)
                case .upstream(let name): (node?["intercept"]?.element(name), false)
                }
            // A path that is none was told of already.
            if isFile, let named, named.scalar == nil { continue }
            guard let place = named ?? node?["intercept"] else { continue }
            let isFromVariable = isFile && named?.scalar?.isFromVariable == true
            let shown = isFromVariable ? "the file" : flaw.file.shownForMessage(atMost: 200)
            problems.error("\(shown) \(flaw.complaint)", at: place)
        }
    }

    /// - Parameter node: What the file has as `forward`.
    func checkIntercept(_ node: Node?, _ upstreams: [UpstreamConfiguration], _ problems: Problems) {
        guard case .sequence(let elements)? = node?["intercept"]?.content else { return }
        for element in elements {
            guard let name = element.scalar?.text, element.scalar?.isBroken == false else { continue }
            guard let upstream = upstreams.first(where: { $0.name == name }) else {
                let hint =
                    element.scalar?.isFromVariable == true
                    ? "" : EditDistance.hint(for: name, among: upstreams.map(\.name))
                problems.error("no upstream has the name \(element.shown)\(hint)", at: element)
                continue
            }
            if upstream.hosts.isEmpty {
                problems.error("the upstream \(name) has no hosts, so that no tunnel leads to it", at: element)
            }
        }
    }
}

extension Node {
    /// The element of a list that is this word.
    fileprivate func element(_ word: String) -> Node? {
        guard case .sequence(let elements) = self.content else { return nil }
        return elements.first { $0.isWord(word) }
    }
}
