// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

/// No file can cost more than it may.
@Suite struct BoundTests {
    private func problems(_ text: String) throws -> [Diagnostic] {
        let loader = try Repository.loader()
        let error = #expect(throws: ConfigurationError.self) { try loader.load(text: text) }
        return error?.diagnostics ?? []
    }

    @Test func `a file of more than 10 MiB is not parsed`() throws {
        let problems = try self.problems(String(repeating: "# comment\n", count: 1_100_000))
        #expect(problems.map(\.summary) == ["config.yaml: error: is larger than 10MiB, which no configuration is"])
    }

    @Test func `an endless file is not read to its end`() throws {
        let error = #expect(throws: ConfigurationError.self) { try Repository.loader().load(path: "/dev/zero") }
        #expect(error?.diagnostics.first?.message.contains("larger than 10MiB") == true)
    }

    @Test func `a file that is missing, or none, is said to be so`() throws {
        let loader = try Repository.loader()
        let missing = #expect(throws: ConfigurationError.self) { try loader.load(path: "/no/such/config.yaml") }
        #expect(missing?.rendered() == "/no/such/config.yaml: error: cannot be read: there is no such file")
        let directory = #expect(throws: ConfigurationError.self) { try loader.load(path: Repository.fixtures) }
        #expect(directory?.diagnostics.first?.message == "cannot be read: it is a directory")
    }

    @Test(.timeLimit(.minutes(1)))
    func `a file of nothing but mistakes is told in part`() throws {
        let keys = (0..<20000).map { "unknown_key_\($0): {a: b}\n" }.joined()
        let loader = try Repository.loader()
        let error = #expect(throws: ConfigurationError.self) { try loader.load(text: keys) }
        #expect(error?.diagnostics.count == 100)
        #expect(error?.rendered().hasSuffix("and \(20000 - 99) more") == true)
    }

    @Test func `a key of many octets is refused`() throws {
        let problems = try self.problems("? \(String(repeating: "k", count: 5000))\n: 1\n")
        #expect(problems.first?.message == "a key must not be longer than 128 octets")
    }

    @Test func `a byte order mark is no part of the file`() throws {
        let text = "\u{FEFF}upstreams: {a: {url: https://a.example.com}}\n"
        #expect(try Repository.loader().load(text: text).upstreams.map(\.name) == ["a"])
    }

    @Test(.timeLimit(.minutes(1)), arguments: [("", "["), ("", "? "), ("a: [", "x,"), ("a: \"", "x\\n"), ("{", "a:")])
    func `a line without an end costs little and is not shown`(_ beginning: String, _ repeated: String) throws {
        let problems = try self.problems(beginning + String(repeating: repeated, count: 2_000_000))
        #expect(problems.map(\.snippet) == [""])
    }
}
