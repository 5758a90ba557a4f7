// SPDX-License-Identifier: Apache-2.0

extension AccessRules {
    static func decode(_ reader: inout MappingReader) -> AccessRules {
        var rules = AccessRules()
        rules.tokens = reader.elements("tokens", Self.token) ?? []
        rules.networks = reader.elements("networks") { $0.network($1) } ?? []
        rules.isOpen = reader.bool("open", default: false)
        if rules.isOpen, !rules.isEmpty {
            reader.problems.error("open: true says that everybody may, tokens and networks that not", at: reader.node)
        }
        return rules
    }

    private static func token(_ node: Node, _ problems: Problems) -> Secret? {
        guard let secret = SecretReader(problems: problems).secret(node) else {
            if node.scalar?.text.isEmpty == true { problems.error("is empty, and no token", at: node) }
            return nil
        }
        guard secret.revealed.utf8.count >= Self.minToken else {
            problems.error("is too short for a token: at least \(Self.minToken) characters, chosen at random", at: node)
            return nil
        }
        return secret
    }
}

extension ListenerConfiguration {
    /// What can be reached from elsewhere says who may use it, or that everybody may.
    func checkAccess(at node: Node, _ problems: Problems) {
        let asksForCertificates = self.tls.map { !$0.clientAuthorities.isEmpty && $0.clientCertificates == .required }
        guard !self.address.isLoopback, self.access.isEmpty, !self.access.isOpen, asksForCertificates != true else {
            return
        }
        problems.error(
            "others than this machine reach \(self.address), so it needs access: {tokens: [...]}, "
                + "access: {networks: [...]}, or access: {open: true} for everybody",
            at: node
        )
    }
}
