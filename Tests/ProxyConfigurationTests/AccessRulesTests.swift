// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyConfiguration

/// Who may use which listener, as the file says it.
@Suite struct AccessRulesTests {
    private static func load(_ text: String) throws -> Configuration {
        try Repository.loader().load(text: text + "\nupstreams: {a: {url: https://a.example.com}}")
    }

    @Test func `a listener has the rules of all, or its own in their place`() throws {
        let configuration = try Self.load(
            """
            access: {tokens: [correct-horse-battery], networks: [10.0.0.0/8]}
            listen:
              - 0.0.0.0:8080
              - {address: "0.0.0.0:8081", access: {networks: [192.0.2.1]}}
              - {address: "127.0.0.1:8082", access: {}}
            """
        )
        #expect(configuration.listen.map(\.access.tokens) == [[Secret("correct-horse-battery")], [], []])
        #expect(
            configuration.listen.map { $0.access.networks.map(\.description) } == [["10.0.0.0/8"], ["192.0.2.1"], []]
        )
        // The operator is not a client like others.
        #expect(configuration.admin?.access == AccessRules())
        #expect(!configuration.effectiveYAML().contains("battery"))
    }

    @Test func `the default listener has the rules of all too`() throws {
        let configuration = try Self.load("access: {tokens: [correct-horse-battery]}")
        #expect(configuration.listen.map(\.access.tokens) == [[Secret("correct-horse-battery")]])
    }

    @Test(
        arguments: [
            ("listen: 0.0.0.0:8080", false), ("listen: \"[::]:8080\"", false), ("listen: 127.evil.example:8080", false),
            ("listen: 127.0.0.2:8080", true), ("listen: localhost:8080", true), ("listen: unix:/run/w.sock", true),
            ("listen: {address: \"0.0.0.0:8080\", access: {open: true}}", true),
            ("access: {open: true}\nlisten: 0.0.0.0:8080", true), ("access: {open: true}\nadmin: 0.0.0.0:9901", false),
            ("admin: {address: \"0.0.0.0:9901\", access: {networks: [10.0.0.0/8]}}", true),
        ]
    )
    func `an address that others reach says who may use it`(_ text: String, _ isGood: Bool) throws {
        if isGood {
            _ = try Self.load(text)
        } else {
            #expect(throws: ConfigurationError.self) { try Self.load(text) }
        }
    }

    @Test func `a token that changes is told without being shown`() throws {
        let old = try Self.load("access: {tokens: [correct-horse-battery]}")
        let new = try Self.load("access: {tokens: [another-one-entirely]}")
        let changes = new.changes(from: old)
        #expect(
            changes.count == 1 && !changes.description.contains("horse") && !changes.description.contains("another")
        )
    }
}
