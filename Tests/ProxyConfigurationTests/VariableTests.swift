// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

/// `${NAME}`, `${NAME:-fallback}`, `$$` and `file:`.
@Suite struct VariableTests {
    private func agent(_ value: String, _ environment: [String: String] = [:]) throws -> String? {
        let configuration = try Repository.loader(environment).load(
            text: "upstreams: {a: {url: https://a.example.com, headers: {set: {User-Agent: \"\(value)\"}}}}"
        )
        return configuration.upstreams.first?.requestHeaders.set.first?.value
    }

    @Test func `a variable stands for its value, anywhere in a text`() throws {
        #expect(try self.agent("a-${NAME}-b", ["NAME": "x"]) == "a-x-b")
        #expect(try self.agent("${A}${B}", ["A": "1", "B": "2"]) == "12")
    }

    @Test func `a fallback stands in for a variable that is missing or empty`() throws {
        #expect(try self.agent("${NAME:-none}") == "none")
        #expect(try self.agent("${NAME:-none}", ["NAME": ""]) == "none")
        #expect(try self.agent("${NAME:-none}", ["NAME": "x"]) == "x")
        #expect(try self.agent("${NAME}", ["NAME": ""]) == "")
    }

    @Test func `two dollars are one, and one alone is itself`() throws {
        #expect(try self.agent("$${NAME} costs 5$ or $5") == "${NAME} costs 5$ or $5")
    }

    @Test func `what a variable holds is text, never structure`() throws {
        #expect(try self.agent("${NAME}", ["NAME": "a: {b: [c]} # d"]) == "a: {b: [c]} # d")
        #expect(try self.agent("${NAME}", ["NAME": "${OTHER}"]) == "${OTHER}")
        #expect(throws: ConfigurationError.self) { try self.agent("${NAME}", ["NAME": "a\r\nX-Evil: 1"]) }
    }

    @Test func `an empty key means that the caller's own passes through`() throws {
        let text = "upstreams: {a: {profile: plantnet, api_key: \"${KEY:-}\"}}"
        #expect(try Repository.loader().load(text: text).upstreams.first?.apiKey == nil)
        #expect(try Repository.loader(["KEY": "k"]).load(text: text).upstreams.first?.apiKey?.revealed == "k")
    }

    @Test func `a key comes from a file of its own`() throws {
        let path = try Repository.temporaryFile("from-a-file\n")
        defer { Repository.remove(path) }
        let text = "upstreams: {a: {profile: plantnet, api_key: \"file:\(path)\"}}"
        #expect(try Repository.loader().load(text: text).upstreams.first?.apiKey?.revealed == "from-a-file")
    }

    @Test func `a file that is too large for a key is not read as one`() throws {
        let path = try Repository.temporaryFile(String(repeating: "k", count: 70000))
        defer { Repository.remove(path) }
        let text = "upstreams: {a: {profile: plantnet, api_key: \"file:\(path)\"}}"
        let error = #expect(throws: ConfigurationError.self) { try Repository.loader().load(text: text) }
        #expect(error?.diagnostics.first?.message.contains("larger than 64KiB") == true)
    }
}
